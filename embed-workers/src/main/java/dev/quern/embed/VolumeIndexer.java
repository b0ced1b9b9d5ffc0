package dev.quern.embed;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkRoots;
import dev.quern.storage.MetaLog;
import dev.quern.vector.CollectionInfo;
import dev.quern.vector.CollectionSchema;
import dev.quern.vector.CollectionService;
import dev.quern.vector.VectorField;
import dev.quern.volume.VolumeInfo;
import dev.quern.volume.VolumeService;
import java.time.InstantSource;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/// Keeps collections in step with volumes: each sync reads, embeds and writes only the files that
/// changed since the last one. A collection follows one volume; the last sync's commit and glob are
/// what it holds, and a sync with another glob adds and removes files accordingly.
///
/// A sync may be interrupted at any moment, by a crash too: the next one finishes what the
/// interrupted one began and goes on from there. Rows of a file are replaced in one atomic step (of
/// a file of over 2,000 rows in several, the old ones being gone with the first).
///
/// Rows: id `path#n`, or `path#_id` for lines of JSON (an id over 512 bytes is replaced by its
/// SHA-256), and the attributes `volume`, `path`, `line`, `heading`. Deletes go by `volume` and
/// `path`, so rows of other origin in the same collection are left alone.
///
/// Thread-safe; a sync works on the calling thread and on the [EmbedService]'s pool.
public final class VolumeIndexer {
    private final VolumeService volumes;
    private final CollectionService collections;
    private final MetaLog facts;
    private final EmbedService embedder;
    private final InstantSource clock;
    private final SyncLimits limits;
    private final Set<Running> running = ConcurrentHashMap.newKeySet();

    /// The services stay open.
    public VolumeIndexer(
            VolumeService volumes,
            CollectionService collections,
            MetaLog facts,
            EmbedService embedder,
            InstantSource clock) {
        this(volumes, collections, facts, embedder, clock, SyncLimits.DEFAULT);
    }

    /// Answers for the facts of synced volumes: they name commits, which keep their chunks only as
    /// long as the volume has them.
    public static ChunkRoots roots() {
        return ChunkRoots.none(SyncStates.KIND);
    }

    /// With other portions, as tests need.
    VolumeIndexer(
            VolumeService volumes,
            CollectionService collections,
            MetaLog facts,
            EmbedService embedder,
            InstantSource clock,
            SyncLimits limits) {
        this.volumes = volumes;
        this.collections = collections;
        this.facts = facts;
        this.embedder = embedder;
        this.clock = clock;
        this.limits = limits;
        collections.addCompanions(SyncStates.PREFIX);
    }

    /// Brings a collection in step with a commit of a volume.
    ///
    /// @param progress called on this thread after each group of about 128 passages; what it throws
    ///   ends the sync, to be resumed by the next
    /// @throws QuernException `NOT_FOUND` for the volume, commit or collection; `INVALID` for the
    ///   glob, or a collection without a model that this server has and that fits its dims;
    ///   `CONFLICT` if a sync of the collection is under way, or it follows another volume
    public SyncReport sync(
            SpaceId space, String collection, SyncSpec spec, Consumer<SyncProgress> progress) {
        Glob.parse(spec.glob());
        CollectionInfo target = collections.get(space, collection);
        ModelInfo model = CollectionModel.require(collection, synced(target), embedder);
        VolumeInfo volume = volumes.get(space, spec.volume());
        String commit = volumes.resolve(space, spec.volume(), spec.at()).id().hex();
        Running run = new Running(space, target.id());
        if (!running.add(run)) {
            throw QuernException.conflict(
                    "collection \"" + collection + "\" is being synced already");
        }
        try {
            IndexPoint wanted = new IndexPoint(commit, spec.glob(), IndexPoint.generation(model));
            SyncParts parts =
                    new SyncParts(
                            space,
                            volumes,
                            volume,
                            new RowWriter(collections, space, target),
                            new SyncStates(facts, space, target.id()),
                            embedder,
                            model,
                            limits);
            return VolumeSync.run(parts, wanted, new SyncTally(clock, commit), progress);
        } finally {
            running.remove(run);
        }
    }

    /// Rows of files have the default fields.
    private static VectorField synced(CollectionInfo target) {
        CollectionSchema schema = target.schema();
        VectorField field = schema.vectors().get(CollectionSchema.VECTOR);
        if (field == null || !schema.texts().containsKey(CollectionSchema.TEXT)) {
            throw QuernException.invalid(
                    "collection \""
                            + target.name()
                            + "\" must have fields \"vector\" and \"text\" to follow a volume, it has "
                            + schema.vectors().keySet()
                            + " and "
                            + schema.texts().keySet());
        }
        return field;
    }

    private record Running(SpaceId space, String collectionId) {}
}
