package dev.quern.vector;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkRoots;
import dev.quern.storage.ChunkStore;
import dev.quern.storage.Key;
import dev.quern.storage.MetaLog;
import dev.quern.vector.CheckpointFormat.Checkpoint;
import dev.quern.vector.fused.BuildMemory;
import dev.quern.vector.fused.FusedConfig;
import dev.quern.vector.fused.HotMemory;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.stream.DoubleStream;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.search.MatchAllDocsQuery;

/// Collections of all spaces. Thread-safe. Closing it saves a checkpoint of every open collection;
/// the store and the log stay open, their owner closes them.
public final class CollectionService implements AutoCloseable {
    /// A write that finds its collection renamed, switched or rolled back so often gives up.
    private static final int MAX_MOVES = 100;

    private static final Duration FOREVER = Duration.ofDays(365);

    private final CollectionConfig config;
    private final DenseLeg.Means means;
    private final Companions companions;
    private final Catalog catalog;
    private final WriteLog tail;
    private final CheckpointStore checkpoints;
    private final CpuPool merging;
    private final CpuPool saving;
    private final CpuPool applying;
    private final CpuPool searching;
    private final OpenCollections open;
    private final IdleMerger idle;
    private final CollectionRoots roots;
    private final Snapshots snapshots;
    private final OpenSnapshots kept;
    private final Reads reads;
    private final CatalogNames names;
    private final CollectionVersions versions;

    /// Removes caches of collections that are gone; opens nothing yet: a collection is opened at
    /// its first use.
    ///
    /// @param random names collections and commits
    public CollectionService(
            ChunkStore chunks,
            MetaLog facts,
            InstantSource clock,
            RandomGenerator random,
            CollectionConfig config) {
        this.config = config;
        this.means = DenseLeg.Means.of(config.search());
        this.roots = new CollectionRoots(facts);
        IdSource ids = new IdSource(random);
        this.companions = new Companions(facts);
        this.catalog = new Catalog(facts, clock, ids, companions);
        this.tail = new WriteLog(chunks, facts);
        this.checkpoints = new CheckpointStore(chunks, facts);
        this.merging = new CpuPool("merge", config.mergeThreads(), config.maxOpenCollections());
        this.saving = new CpuPool("checkpoint", 1, config.maxOpenCollections());
        this.applying = new CpuPool("apply", config.cpuThreads(), config.maxOpenCollections());
        this.searching = new CpuPool("search", config.cpuThreads(), config.maxQueuedSearches());
        WriteAdmission admission =
                new WriteAdmission(config.maxQueuedWrites(), config.maxQueuedBytes().bytes());
        Checkpointer.Rules rules =
                new Checkpointer.Rules(
                        config.checkpointRows(), config.checkpointBytes().bytes(), saving, ids);
        HotMemory.limit(config.hotMemory().bytes());
        this.open =
                new OpenCollections(
                        new OpenCollections.Setup(
                                config.cacheDirectory(),
                                config.maxOpenCollections(),
                                new LiveCollection.Parts(
                                        catalog,
                                        tail,
                                        admission,
                                        applying,
                                        clock,
                                        config.search().sampledQueries()),
                                checkpoints,
                                rules,
                                tuning()));
        open.sweep();
        this.snapshots = new Snapshots(chunks, facts, companions);
        this.kept =
                new OpenSnapshots(
                        new OpenSnapshots.Parts(
                                config.cacheDirectory(),
                                config.maxOpenCollections(),
                                checkpoints,
                                snapshots,
                                applying,
                                open,
                                clock));
        this.reads = new Reads(catalog, snapshots, open, kept, searching);
        this.names = new CatalogNames(catalog, facts);
        this.versions =
                new CollectionVersions(
                        new CollectionVersions.Parts(
                                catalog,
                                chunks,
                                facts,
                                checkpoints,
                                snapshots,
                                companions,
                                open,
                                kept,
                                saving,
                                clock,
                                ids));
        this.idle = new IdleMerger(open, kept, config.idleMerge(), means, searching::isIdle);
    }

    /// From now on the facts under `prefix/COLLECTION_ID` belong to the rows of that collection:
    /// branches, snapshots and rollbacks take them along, deleting the collection deletes them.
    ///
    /// @param prefix theirs, few and small (16, and 16 KiB together) in one collection
    public void addCompanions(Key prefix) {
        companions.add(prefix);
    }

    /// Aliases and renames.
    public CatalogNames names() {
        return names;
    }

    /// Snapshots, branches and rollbacks.
    public CollectionVersions versions() {
        return versions;
    }

    private LuceneIndex.Tuning tuning() {
        return new LuceneIndex.Tuning(
                config.ramBuffer().bytes() / (double) (1 << 20),
                merging,
                part -> {
                    if (searching.isIdle()) {
                        merging.offer(part);
                    }
                },
                searching::isFull,
                new FusedConfig(
                        FusedConfig.DEFAULTS.minVectors(),
                        config.maxGraph().bytes(),
                        config.mergeThreads(),
                        new BuildMemory(config.buildMemory().bytes())));
    }

    /// Creates a collection.
    ///
    /// @param ifNotExists true: an existing collection that has the fields is returned
    /// @throws QuernException `CONFLICT` if the name is taken, or with `ifNotExists` by a
    ///   collection of another shape
    public CollectionInfo create(SpaceId space, CollectionSpec spec, boolean ifNotExists) {
        return info(catalog.create(space, spec, ifNotExists));
    }

    /// A collection.
    ///
    /// @throws QuernException `NOT_FOUND`
    public CollectionInfo get(SpaceId space, String name) {
        return info(catalog.get(space, name));
    }

    /// The fields of a collection, without a look at its rows.
    ///
    /// @throws QuernException `NOT_FOUND`
    public CollectionSchema schema(SpaceId space, String name) {
        return schema(space, CollectionRef.of(name));
    }

    /// The fields that a collection has, or had in a snapshot.
    ///
    /// @throws QuernException `NOT_FOUND`
    public CollectionSchema schema(SpaceId space, CollectionRef ref) {
        return schema(reads.place(space, ref));
    }

    private CollectionSchema schema(Reads.Place place) {
        return place.kept()
                .map(k -> snapshots.schema(place.definition(), k))
                .orElseGet(() -> catalog.schema(place.definition()))
                .fields();
    }

    /// A collection as it is, or was in a snapshot.
    ///
    /// @throws QuernException `NOT_FOUND`
    public CollectionInfo get(SpaceId space, CollectionRef ref) {
        Reads.Place place = reads.place(space, ref);
        return place.kept()
                .map(k ->
                        place.definition()
                                .info(
                                        snapshots.schema(place.definition(), k),
                                        k.checkpoint().rows()))
                .orElseGet(() -> info(place.definition()));
    }

    /// The collections of a space in name order.
    public List<CollectionInfo> list(SpaceId space) {
        return catalog.list(space).stream().map(this::info).toList();
    }

    /// Does not open a collection whose checkpoint says how many rows it has.
    private CollectionInfo info(Definition definition) {
        Optional<Checkpoint> checkpoint = checkpoints.findFact(definition);
        long token = checkpoint.map(Checkpoint::token).orElse(0L);
        if (tail.isEmptyAfter(definition, token)) {
            return definition.info(
                    catalog.schema(definition), checkpoint.map(Checkpoint::rows).orElse(0L));
        }
        return reads.run(
                Reads.Place.live(definition),
                live ->
                        live.read(s ->
                                definition.info(
                                        live.schema().now(), s.getIndexReader().numDocs())));
    }

    /// Adds fields to a collection: rows written from now on may have them. A field that is there
    /// with the same type is left as it is; `strict` becomes what the addition says.
    ///
    /// @throws QuernException `NOT_FOUND`; `INVALID` for names and numbers out of bounds;
    ///   `CONFLICT` for a field that is there with another type
    public CollectionInfo addFields(SpaceId space, String name, CollectionSchema more) {
        Definition definition = catalog.get(space, name);
        try (OpenCollections.Lease lease = open.acquire(definition)) {
            lease.live()
                    .schema()
                    .change(schema -> new Schema(schema.version(), schema.fields().with(more)));
        }
        return info(definition);
    }

    /// Decides what the ids of a collection are, if nothing has yet: its schema or its first rows.
    ///
    /// @throws QuernException `NOT_FOUND`; `CONFLICT` if they are of another type
    public void decideIds(SpaceId space, String name, IdType type) {
        try (OpenCollections.Lease lease = open.acquire(catalog.get(space, name))) {
            lease.live()
                    .schema()
                    .change(schema -> new Schema(schema.version(), schema.fields().withIds(type)));
        }
    }

    /// Deletes a collection with its rows, snapshots and aliases. Branches of it stay.
    ///
    /// @param name its own
    /// @throws QuernException `NOT_FOUND`; `CONFLICT` if the name is an alias
    public void delete(SpaceId space, String name) {
        Definition definition = catalog.delete(space, name);
        open.drop(definition);
        kept.drop(definition, Optional.empty());
    }

    /// Writes a batch in one atomic, durable step.
    ///
    /// @throws QuernException `INVALID` naming the row and what is wrong (nothing is written);
    ///   `NOT_FOUND`; `EXHAUSTED` at the bounds on writes in progress or on the rows that wait for
    ///   a checkpoint; `UNAVAILABLE` when it is not known whether the write is durable, or it is
    ///   but the index failed (repeating an upsert or a delete by id does no harm)
    public WriteResult write(SpaceId space, String name, WriteBatch batch) {
        return writing(() -> catalog.get(space, name), _ -> batch);
    }

    /// Writes a batch that depends on the collection's fields, as on the models that embed its
    /// texts: it is made anew when the name comes to mean another collection before the write.
    ///
    /// @throws QuernException as the other, and what `batch` throws
    public WriteResult write(
            SpaceId space, String name, Function<CollectionSchema, WriteBatch> batch) {
        return writing(
                () -> catalog.get(space, name),
                definition -> batch.apply(catalog.schema(definition).fields()));
    }

    /// Writes to this very collection, under whatever name it has by now: for what takes many
    /// writes and must not go on elsewhere when an alias is switched.
    ///
    /// @throws QuernException as the other; `CONFLICT` if it was rolled back since
    public WriteResult write(SpaceId space, CollectionInfo target, WriteBatch batch) {
        return writing(() -> catalog.get(space, target), _ -> batch);
    }

    /// Writes to where a name leads; once more when that changed before the write took place.
    private WriteResult writing(
            Supplier<Definition> place, Function<Definition, WriteBatch> batch) {
        for (int tries = 1; ; tries++) {
            Definition definition = place.get();
            WriteBatch made = batch.apply(definition);
            try (OpenCollections.Lease lease = open.acquire(definition)) {
                return lease.live().write(definition, made);
            } catch (QuernException e) {
                if (e.kind() != ErrorKind.NOT_FOUND
                        || tries == MAX_MOVES
                        || place.get().version() == definition.version()) {
                    throw e;
                }
            }
        }
    }

    /// Searches; sees every write that returned before.
    ///
    /// @throws QuernException `INVALID` naming what is out of bounds, `NOT_FOUND`
    public SearchOutcome search(SpaceId space, String name, SearchSpec spec) {
        return search(space, CollectionRef.of(name), spec);
    }

    /// Searches a collection, or a snapshot.
    ///
    /// @throws QuernException `INVALID` naming what is out of bounds, `NOT_FOUND`
    public SearchOutcome search(SpaceId space, CollectionRef ref, SearchSpec spec) {
        return search(reads.place(space, ref), spec);
    }

    /// A search that depends on the collection's fields, as on the models that embed its texts.
    ///
    /// @throws QuernException as the other, and what `spec` throws
    public SearchOutcome search(
            SpaceId space, CollectionRef ref, Function<CollectionSchema, SearchSpec> spec) {
        Reads.Place place = reads.place(space, ref);
        return search(place, spec.apply(schema(place)));
    }

    private SearchOutcome search(Reads.Place place, SearchSpec spec) {
        return reads.run(
                place,
                live -> {
                    Search search = new Search(live.schema().now(), spec, means);
                    SearchOutcome outcome = live.read(search::run);
                    live.searched(search);
                    return outcome;
                });
    }

    /// How many rows match; all without a filter.
    ///
    /// @throws QuernException `INVALID` for the filter, `NOT_FOUND`
    public long count(SpaceId space, String name, Optional<Filter> filter) {
        return count(space, CollectionRef.of(name), filter);
    }

    /// How many rows match in a collection, or in a snapshot.
    ///
    /// @throws QuernException `INVALID` for the filter, `NOT_FOUND`
    public long count(SpaceId space, CollectionRef ref, Optional<Filter> filter) {
        return reads.run(
                reads.place(space, ref),
                live -> {
                    filter.ifPresent(f -> FilterCheck.check(f, live.schema().now()));
                    return live.read(searcher ->
                            (long)
                                    searcher.count(
                                            filter.map(
                                                            new FilterQueries(live.schema().now())
                                                                    ::query)
                                                    .orElse(MatchAllDocsQuery.INSTANCE)));
                });
    }

    /// How a collection's rows are indexed now.
    ///
    /// @throws QuernException `NOT_FOUND`
    public CollectionStats stats(SpaceId space, String name) {
        return stats(space, CollectionRef.of(name));
    }

    /// How the rows of a collection, or of a snapshot, are indexed.
    ///
    /// @throws QuernException `NOT_FOUND`
    public CollectionStats stats(SpaceId space, CollectionRef ref) {
        return reads.run(reads.place(space, ref), ReadableCollection::stats);
    }

    /// How much of the exact answers recent dense searches found, by vector field, as far as it was
    /// compared in idle time since the collection was opened.
    ///
    /// @throws QuernException `NOT_FOUND`
    public NavigableMap<String, FieldRecall> recall(SpaceId space, String name) {
        try (OpenCollections.Lease lease = open.acquire(catalog.get(space, name))) {
            return lease.live().samples().report();
        }
    }

    /// The least [#recall] of any field of the collections that are open; not a number while none
    /// is known.
    public double lowestRecall() {
        DoubleStream.Builder found = DoubleStream.builder();
        open.forEachOpen(live ->
                live.samples().report().values().forEach(field -> found.add(field.recall())));
        return found.build().min().orElse(Double.NaN);
    }

    /// Begins at once what a collection that stays idle comes to by itself: it is merged into one
    /// segment, or as few as the bound on graphs allows.
    ///
    /// @return whether a merge is under way; false when nothing is left to merge
    /// @throws QuernException `NOT_FOUND`
    public boolean merge(SpaceId space, String name) {
        try (OpenCollections.Lease lease = open.acquire(catalog.get(space, name))) {
            return lease.live().merge(FOREVER);
        }
    }

    /// What the timer does every second.
    void mergeIdle() {
        idle.look();
    }

    /// The row of an id, with its vector.
    ///
    /// @throws QuernException `NOT_FOUND` for the collection
    public Optional<Row> find(SpaceId space, String name, String id) {
        return find(space, CollectionRef.of(name), id);
    }

    /// The row of an id in a collection, or in a snapshot.
    ///
    /// @throws QuernException `NOT_FOUND` for these
    public Optional<Row> find(SpaceId space, CollectionRef ref, String id) {
        return reads.run(
                reads.place(space, ref),
                live -> {
                    CollectionSchema schema = live.schema().now().fields();
                    schema.ids().check("id", id);
                    return live.read(searcher ->
                            RowReader.find(
                                    searcher.getIndexReader(),
                                    schema.ids().term(id),
                                    schema.vectors().keySet()));
                });
    }

    /// A page of rows in id order.
    ///
    /// @param after only ids greater than this one
    /// @param limit 1 to 1,000
    /// @throws QuernException `INVALID`, `NOT_FOUND`
    public RowPage rows(
            SpaceId space, String name, Optional<String> after, int limit, boolean includeVector) {
        return rows(space, CollectionRef.of(name), after, limit, includeVector);
    }

    /// A page of rows of a collection, or of a snapshot.
    ///
    /// @throws QuernException `INVALID`, `NOT_FOUND`
    public RowPage rows(
            SpaceId space,
            CollectionRef ref,
            Optional<String> after,
            int limit,
            boolean includeVector) {
        Search.requireBetween("limit", limit, 1, Search.MAX_LIMIT);
        return reads.run(
                reads.place(space, ref),
                live -> {
                    CollectionSchema schema = live.schema().now().fields();
                    after.ifPresent(id -> schema.ids().check("after", id));
                    return live.read(searcher ->
                            RowReader.page(
                                    searcher.getIndexReader(),
                                    after.map(schema.ids()::term),
                                    limit,
                                    includeVector ? schema.vectors().keySet() : Set.of()));
                });
    }

    /// Every row as it is now, for export.
    ///
    /// @throws QuernException `NOT_FOUND`
    @MustBeClosed
    public RowCursor cursor(SpaceId space, String name) {
        return cursor(space, CollectionRef.of(name));
    }

    /// Every row of a collection, or of a snapshot.
    ///
    /// @throws QuernException `NOT_FOUND`
    @MustBeClosed
    public RowCursor cursor(SpaceId space, CollectionRef ref) {
        Reads.Place place = reads.place(space, ref);
        return reads.run(
                place,
                live ->
                        live.read(searcher -> {
                            IndexReader reader = searcher.getIndexReader();
                            // Outlives this reading, so it takes a reference of its own.
                            reader.incRef();
                            return new SnapshotCursor(
                                    searcher,
                                    place.definition().info(live.schema().now(), reader.numDocs()));
                        }));
    }

    /// Which chunks its facts need.
    public ChunkRoots roots() {
        return roots;
    }

    @Override
    public void close() {
        idle.close();
        kept.close();
        open.close();
        searching.close();
        applying.close();
        saving.close();
        merging.close();
    }
}
