package dev.quern.vector;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkRoots;
import dev.quern.storage.ChunkStore;
import dev.quern.storage.MetaLog;
import dev.quern.vector.CheckpointFormat.Checkpoint;
import dev.quern.vector.fused.FusedConfig;
import dev.quern.vector.fused.HotMemory;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.apache.lucene.search.MatchAllDocsQuery;

/// Collections of all spaces. Thread-safe. Closing it saves a checkpoint of every open collection;
/// the store and the log stay open, their owner closes them.
public final class CollectionService implements AutoCloseable {
    private static final Duration FOREVER = Duration.ofDays(365);

    private final CollectionConfig config;
    private final Catalog catalog;
    private final WriteLog tail;
    private final CheckpointStore checkpoints;
    private final CpuPool merging;
    private final CpuPool saving;
    private final CpuPool applying;
    private final CpuPool reading;
    private final CpuPool searching;
    private final OpenCollections open;
    private final IdleMerger idle;
    private final CollectionRoots roots;

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
        this.roots = new CollectionRoots(facts);
        IdSource ids = new IdSource(random);
        this.catalog = new Catalog(facts, clock, ids);
        this.tail = new WriteLog(chunks, facts);
        this.checkpoints = new CheckpointStore(chunks, facts);
        this.merging = new CpuPool("merge", config.mergeThreads(), config.maxOpenCollections());
        this.saving = new CpuPool("checkpoint", 1, config.maxOpenCollections());
        this.applying = new CpuPool("apply", config.cpuThreads(), config.maxOpenCollections());
        this.reading = new CpuPool("row", config.cpuThreads(), config.maxQueuedWrites());
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
                                        catalog, tail, admission, applying, reading, clock),
                                checkpoints,
                                rules,
                                tuning()));
        open.sweep();
        this.idle = new IdleMerger(open, config.idleMerge());
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
                        config.mergeThreads()));
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
        return catalog.schema(catalog.get(space, name)).fields();
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
        return reading(
                definition,
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
                    .change(schema ->
                            new Schema(schema.version(), schema.fields().withIds(type)));
        }
    }

    /// Deletes a collection and its rows.
    ///
    /// @throws QuernException `NOT_FOUND`
    public void delete(SpaceId space, String name) {
        Definition definition = catalog.get(space, name);
        catalog.delete(definition);
        open.drop(definition);
    }

    /// Writes a batch in one atomic, durable step.
    ///
    /// @throws QuernException `INVALID` naming the row and what is wrong (nothing is written);
    ///   `NOT_FOUND`; `EXHAUSTED` at the bounds on writes in progress or on the rows that wait for
    ///   a checkpoint; `UNAVAILABLE` when it is not known whether the write is durable, or it is
    ///   but the index failed (repeating an upsert or a delete by id does no harm)
    public WriteResult write(SpaceId space, String name, WriteBatch batch) {
        try (OpenCollections.Lease lease = open.acquire(catalog.get(space, name))) {
            return lease.live().write(batch);
        }
    }

    /// Writes rows by a mode and under conditions, in one atomic, durable step.
    ///
    /// @throws QuernException as the other `write`; `CONFLICT` naming the first row whose version
    ///   is not the one expected, when nothing is written. A patch, an insert or a conditional
    ///   write whose outcome is not known (`UNAVAILABLE`) is not to be repeated blindly
    public WriteResult write(SpaceId space, String name, RowWrite write) {
        try (OpenCollections.Lease lease = open.acquire(catalog.get(space, name))) {
            return write.isPlain()
                    ? lease.live().write(write.batch())
                    : lease.live().conditional().write(write);
        }
    }

    /// Merges a patch into every row that matches, in one atomic, durable step.
    ///
    /// @param patch its id is of no row; it names the patch in errors
    /// @throws QuernException as `write`; `INVALID` when more than 10,000 rows match
    public WriteResult patch(SpaceId space, String name, Filter where, RowChange patch) {
        try (OpenCollections.Lease lease = open.acquire(catalog.get(space, name))) {
            return lease.live().conditional().patchWhere(where, patch);
        }
    }

    /// Searches; sees every write that returned before.
    ///
    /// @throws QuernException `INVALID` naming what is out of bounds, `NOT_FOUND`
    public SearchOutcome search(SpaceId space, String name, SearchSpec spec) {
        Definition definition = catalog.get(space, name);
        return reading(
                definition,
                live ->
                        live.read(
                                new Search(live.schema().now(), spec, config.exactScanRows())
                                        ::run));
    }

    /// How many rows match; all without a filter.
    ///
    /// @throws QuernException `INVALID` for the filter, `NOT_FOUND`
    public long count(SpaceId space, String name, Optional<Filter> filter) {
        return reading(
                catalog.get(space, name),
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
        return reading(catalog.get(space, name), live -> live.reads().stats());
    }

    /// Begins at once what a collection that stays idle comes to by itself: it is merged into one
    /// segment, or as few as the bound on graphs allows.
    ///
    /// @return whether a merge is under way; false when nothing is left to merge
    /// @throws QuernException `NOT_FOUND`
    public boolean merge(SpaceId space, String name) {
        return reading(catalog.get(space, name), live -> live.merge(FOREVER));
    }

    /// What the timer does every second.
    void mergeIdle() {
        idle.look();
    }

    /// The row of an id, with its vector.
    ///
    /// @throws QuernException `NOT_FOUND` for the collection
    public Optional<Row> find(SpaceId space, String name, String id) {
        return reading(
                catalog.get(space, name),
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
        Search.requireBetween("limit", limit, 1, Search.MAX_LIMIT);
        return reading(
                catalog.get(space, name),
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
        return reading(catalog.get(space, name), live -> live.reads().cursor());
    }

    /// Runs a reading action; if the index turns out damaged, once more on a rebuilt one.
    private <T> T reading(Definition definition, Function<LiveCollection, T> action) {
        try (OpenCollections.Lease lease = open.acquire(definition)) {
            try {
                return searching.call(() -> action.apply(lease.live()));
            } catch (QuernException e) {
                if (e.kind() != ErrorKind.UNAVAILABLE || !lease.live().isFailed()) {
                    throw e;
                }
            }
        }
        try (OpenCollections.Lease lease = open.acquire(definition)) {
            return searching.call(() -> action.apply(lease.live()));
        }
    }

    /// Which chunks its facts need.
    public ChunkRoots roots() {
        return roots;
    }

    @Override
    public void close() {
        idle.close();
        open.close();
        searching.close();
        reading.close();
        applying.close();
        saving.close();
        merging.close();
    }
}
