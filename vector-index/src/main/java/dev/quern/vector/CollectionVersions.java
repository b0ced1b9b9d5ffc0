package dev.quern.vector;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ErrorKind;
import dev.quern.common.Names;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkPins;
import dev.quern.storage.ChunkStore;
import dev.quern.storage.MetaLog;
import dev.quern.storage.Txn;
import dev.quern.vector.CheckpointFormat.Checkpoint;
import dev.quern.vector.SnapshotFormat.Kept;
import java.io.IOException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// Snapshots of collections, branches and rollbacks. Each is one transaction that names files which
/// are there already, so it takes the same time for any number of rows; of a live collection a
/// checkpoint of what was written lately comes first. Thread-safe.
public final class CollectionVersions {
    private static final int MAX_SNAPSHOTS = 1_000;
    private static final int MAX_TRIES = 20;

    /// From then on companions that change all the time are left behind.
    private static final int MAX_TRIES_WITH_COMPANIONS = 5;

    private final Parts parts;

    /// What it works with.
    ///
    /// @param saving makes checkpoints
    record Parts(
            Catalog catalog,
            ChunkStore chunks,
            MetaLog facts,
            CheckpointStore checkpoints,
            Snapshots snapshots,
            Companions companions,
            OpenCollections open,
            OpenSnapshots kept,
            CpuPool saving,
            InstantSource clock,
            IdSource ids) {}

    CollectionVersions(Parts parts) {
        this.parts = parts;
    }

    /// Keeps a live collection's rows and fields as they are: with every write that was
    /// acknowledged before, and none in part. Writes wait while the last of them are flushed.
    ///
    /// @param name 1 to 63 characters of `A-Z a-z 0-9 . _ -`
    /// @throws QuernException `NOT_FOUND`; `CONFLICT` if the collection has a snapshot of the name;
    ///   `INVALID` for the name, or at 1,000 snapshots of one collection
    public SnapshotInfo snapshot(SpaceId space, String collection, String name) {
        Definition definition = parts.catalog().settled(parts.catalog().get(space, collection));
        requireFree(definition, name);
        Instant now = Instant.ofEpochMilli(parts.clock().instant().toEpochMilli());
        exactly(
                definition,
                () -> requireFree(definition, name),
                (live, companions) ->
                        (txn, content) -> {
                            Schema schema = live.schema().now();
                            parts.snapshots()
                                    .put(
                                            txn,
                                            definition,
                                            new Kept(
                                                    name,
                                                    now,
                                                    content.bytes(),
                                                    parts.snapshots().putSchema(definition, schema),
                                                    content.checkpoint(),
                                                    0));
                            parts.companions()
                                    .put(txn, companions, Companions.owner(definition, name));
                        },
                _ -> {});
        return parts.snapshots().get(definition, name).info();
    }

    private void requireFree(Definition definition, String name) {
        if (parts.snapshots().find(definition, name).isPresent()) {
            throw QuernException.conflict(
                    "collection \""
                            + definition.name()
                            + "\" has a snapshot \""
                            + name
                            + "\" already");
        }
        if (parts.snapshots().list(definition).size() >= MAX_SNAPSHOTS) {
            throw QuernException.invalid(
                    "collection \""
                            + definition.name()
                            + "\" has "
                            + MAX_SNAPSHOTS
                            + " snapshots, the bound is reached: delete some");
        }
    }

    /// What a step adds to the checkpoint of an open collection.
    private interface Step {
        /// @param companions as they are when the step takes place
        CheckpointStore.Addition of(LiveCollection live, List<MetaLog.Fact> companions);
    }

    /// Makes a step true together with a checkpoint of exactly what was acknowledged.
    ///
    /// @param require throws what a conflict means
    /// @param then as [Checkpointer#saveExactly] takes it
    private void exactly(
            Definition definition,
            Runnable require,
            Step step,
            Consumer<CheckpointStore.Donor> then) {
        for (int tries = 1; ; tries++) {
            try (OpenCollections.Lease lease = parts.open().acquire(definition);
                    ChunkPins _ = parts.chunks().pinWrites(definition.space())) {
                LiveCollection live = lease.live();
                try {
                    List<MetaLog.Fact> companions =
                            tries > MAX_TRIES_WITH_COMPANIONS
                                    ? List.of()
                                    : parts.companions().read(definition.space(), definition.id());
                    CheckpointStore.Addition addition = step.of(live, companions);
                    parts.saving()
                            .call(() ->
                                    checkpoint(
                                            live,
                                            (txn, content) -> {
                                                Companions.requireUnchanged(txn, companions);
                                                addition.to(txn, content);
                                            },
                                            then));
                    return;
                } catch (QuernException e) {
                    boolean again =
                            switch (e.kind()) {
                                case CONFLICT -> true;
                                case UNAVAILABLE -> live.isFailed();
                                default -> false;
                            };
                    if (!again || tries == MAX_TRIES) {
                        throw e;
                    }
                }
            }
            parts.catalog().current(definition);
            require.run();
        }
    }

    private static boolean checkpoint(
            LiveCollection live,
            CheckpointStore.Addition addition,
            Consumer<CheckpointStore.Donor> then) {
        try {
            live.checkpointExactly(addition, then);
            return true;
        } catch (IOException e) {
            throw new QuernException(
                    ErrorKind.UNAVAILABLE,
                    "collection \"" + live.definition().name() + "\" cannot be saved: " + e,
                    e);
        }
    }

    /// The snapshots of a collection in name order.
    ///
    /// @throws QuernException `NOT_FOUND`
    public List<SnapshotInfo> snapshots(SpaceId space, String collection) {
        return parts.snapshots().list(parts.catalog().get(space, collection)).stream()
                .map(Kept::info)
                .toList();
    }

    /// A snapshot.
    ///
    /// @throws QuernException `NOT_FOUND`
    public SnapshotInfo snapshotInfo(SpaceId space, String collection, String name) {
        return parts.snapshots().get(parts.catalog().get(space, collection), name).info();
    }

    /// Deletes a snapshot. Branches that were made of it stay; reads of it that go on end well.
    ///
    /// @throws QuernException `NOT_FOUND`
    public void deleteSnapshot(SpaceId space, String collection, String name) {
        Definition definition = parts.catalog().get(space, collection);
        Kept kept = parts.snapshots().get(definition, name);
        parts.snapshots().delete(definition, kept);
        parts.kept().drop(definition, Optional.of(kept));
    }

    /// Makes a collection that begins with the rows and fields of another, or of a snapshot of it.
    /// Nothing is copied: both have the same files until they write others. From then on neither
    /// sees what becomes of the other.
    ///
    /// @param source whose rows
    /// @param name of the new collection
    /// @throws QuernException `NOT_FOUND` for the source; `INVALID` for the name; `CONFLICT` if it
    ///   is taken
    public void branch(SpaceId space, CollectionRef source, String name) {
        Names.require("collection", name);
        requireNew(space, name);
        Definition from = parts.catalog().settled(parts.catalog().get(space, source.name()));
        Definition branch =
                new Definition(
                        space,
                        name,
                        parts.ids().next(),
                        Instant.ofEpochMilli(parts.clock().instant().toEpochMilli()),
                        Optional.empty(),
                        List.of(),
                        0,
                        0);
        if (source.at().isPresent()) {
            branch(from, parts.snapshots().get(from, source.at().get()), branch);
            return;
        }
        exactly(
                from,
                () -> requireNew(space, name),
                (live, companions) ->
                        (txn, content) -> {
                            byte[] schema = SchemaFormat.encode(live.schema().now());
                            begin(txn, branch, schema, content.checkpoint());
                            parts.companions().put(txn, companions, branch.id());
                        },
                files -> prepare(branch, files));
    }

    private void requireNew(SpaceId space, String name) {
        if (parts.catalog().find(space, name).isPresent()) {
            throw CatalogNames.taken(name);
        }
    }

    private void branch(Definition from, Kept kept, Definition branch) {
        Txn.Builder txn = Txn.in(from.space()).when(Snapshots.exists(from, kept));
        begin(txn, branch, parts.snapshots().schemaBytes(from, kept), kept.checkpoint());
        String owner = Companions.owner(from, kept.name());
        parts.companions().put(txn, parts.companions().read(from.space(), owner), branch.id());
        try {
            parts.facts().commit(txn.require(kept.checkpoint().manifest()).build());
        } catch (QuernException e) {
            if (e.kind() == ErrorKind.CONFLICT) {
                requireNew(from.space(), branch.name());
                throw Snapshots.notFound(from, kept.name());
            }
            throw e;
        }
    }

    private static void begin(
            Txn.Builder txn, Definition branch, byte[] schema, Checkpoint checkpoint) {
        CatalogNames.requireFree(txn, branch.name());
        txn.put(Keys.definition(branch.name()), DefinitionFormat.encode(branch))
                .put(Keys.schema(branch.id()), schema)
                .put(Keys.checkpoint(branch.id()), CheckpointFormat.encode(checkpoint));
    }

    private void prepare(Definition branch, CheckpointStore.Donor files) {
        parts.checkpoints()
                .find(branch)
                .ifPresent(saved -> parts.open().prepare(branch, saved, files));
    }

    /// Returns a live collection to a snapshot of it: rows and fields are as they were then, and
    /// what was written since is gone. Name, id, aliases and snapshots stay, the later ones too.
    /// Searches under way end on the rows of before. A write that goes on meanwhile takes place
    /// before, and is gone, or after, and is kept, or is refused. Tokens go on growing.
    ///
    /// @throws QuernException `NOT_FOUND` for the collection and the snapshot
    public void rollback(SpaceId space, String collection, String snapshot) {
        for (int tries = 1; ; tries++) {
            Definition definition = parts.catalog().settled(parts.catalog().get(space, collection));
            Kept kept = parts.snapshots().get(definition, snapshot);
            try (OpenSnapshots.Lease lease = acquire(definition, kept)) {
                parts.open()
                        .replace(definition, () -> commitRollback(definition, kept), lease.files());
                return;
            } catch (QuernException e) {
                if (e.kind() != ErrorKind.CONFLICT || tries == MAX_TRIES) {
                    throw e;
                }
            }
        }
    }

    /// Opens the snapshot first, so that the collection need not wait for its files.
    @MustBeClosed
    private OpenSnapshots.Lease acquire(Definition definition, Kept kept) {
        return parts.kept().acquire(definition, kept);
    }

    /// Called while no write of this process is in flight.
    private CheckpointStore.Saved commitRollback(Definition definition, Kept kept) {
        long token = parts.facts().appliedIndex();
        Checkpoint then = kept.checkpoint();
        Checkpoint now =
                new Checkpoint(
                        token, then.rows(), then.expires(), then.commitId(), then.manifest());
        String id = definition.id();
        Txn.Builder txn =
                Txn.in(definition.space())
                        .when(WriteLog.exists(definition))
                        .when(Snapshots.exists(definition, kept))
                        .put(
                                Keys.definition(definition.name()),
                                DefinitionFormat.encode(definition.rolledBack(token)))
                        .put(Keys.schema(id), parts.snapshots().schemaBytes(definition, kept))
                        .put(Keys.checkpoint(id), CheckpointFormat.encode(now))
                        .then(new Txn.Mutation.DeleteThrough(Keys.tail(id), Keys.tail(id)))
                        .require(then.manifest());
        Companions companions = parts.companions();
        companions.delete(txn, id);
        String owner = Companions.owner(definition, kept.name());
        companions.put(txn, companions.read(definition.space(), owner), id);
        long version = parts.facts().commit(txn.build());
        return parts.checkpoints().read(definition, now, version);
    }
}
