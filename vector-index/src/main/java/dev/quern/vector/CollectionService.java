package dev.quern.vector;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkRoots;
import dev.quern.storage.ChunkStore;
import dev.quern.storage.Key;
import dev.quern.storage.MetaLog;
import dev.quern.vector.CheckpointFormat.Checkpoint;
import dev.quern.vector.SnapshotFormat.Kept;
import dev.quern.vector.fused.HotMemory;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import java.util.stream.DoubleStream;

/// Collections of all spaces. Thread-safe. Closing it saves a checkpoint of every open collection;
/// the store and the log stay open, their owner closes them.
public final class CollectionService implements AutoCloseable {
    private final CollectionConfig config;
    private final InstantSource clock;
    private final Companions companions;
    private final Catalog catalog;
    private final WriteLog tail;
    private final CheckpointStore checkpoints;
    private final CollectionPools pools;
    private final OpenCollections open;
    private final IdleMerger idle;
    private final Sweeper sweeper;
    private final HistoryPurges purges;
    private final CollectionReads reads;
    private final CollectionWrites writes;
    private final CollectionRoots roots;
    private final Snapshots snapshots;
    private final OpenSnapshots kept;
    private final CatalogNames names;
    private final CollectionVersions versions;
    private final CollectionTuning tuning;

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
        this.clock = clock;
        DenseLeg.Means means = DenseLeg.Means.of(config.search());
        this.roots = new CollectionRoots(facts);
        IdSource ids = new IdSource(random);
        this.companions = new Companions(facts);
        History history = new History(facts, clock, config.historyBounds());
        this.catalog = new Catalog(facts, clock, ids, companions, history);
        this.tail = new WriteLog(chunks, facts, clock);
        this.checkpoints = new CheckpointStore(chunks, facts, history);
        this.pools = CollectionPools.of(config);
        HotMemory.limit(config.hotMemory().bytes());
        LuceneIndex.Tuning indexing = pools.indexing(config);
        this.open = opening(ids, indexing);
        open.sweep();
        this.snapshots = new Snapshots(chunks, facts, companions);
        PastStates past = past(history, ids, indexing);
        this.kept =
                new OpenSnapshots(
                        new OpenSnapshots.Parts(
                                config.cacheDirectory(),
                                config.maxOpenCollections(),
                                checkpoints,
                                snapshots,
                                past,
                                pools.applying(),
                                open,
                                clock));
        this.names = new CatalogNames(catalog, facts);
        this.versions =
                new CollectionVersions(
                        new CollectionVersions.Parts(
                                catalog,
                                chunks,
                                facts,
                                checkpoints,
                                snapshots,
                                past,
                                history,
                                companions,
                                open,
                                kept,
                                pools.saving(),
                                clock,
                                ids));
        this.reads =
                new CollectionReads(
                        new CollectionReads.Parts(
                                catalog, snapshots, past, open, kept, pools.searching(), means));
        this.writes = new CollectionWrites(catalog, open);
        this.tuning =
                new CollectionTuning(
                        new CollectionTuning.Parts(
                                catalog, reads, open, pools.searching(), means, clock));
        this.idle =
                new IdleMerger(open, kept, config.idleMerge(), means, pools.searching()::isIdle);
        this.sweeper = new Sweeper(open, facts, clock);
        this.purges = new HistoryPurges(facts, history);
    }

    private PastStates past(History history, IdSource ids, LuceneIndex.Tuning indexing) {
        return new PastStates(
                new PastStates.Parts(
                        catalog,
                        checkpoints,
                        snapshots,
                        history,
                        tail,
                        open,
                        indexing,
                        ids,
                        clock));
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

    /// How wide searches walk.
    public CollectionTuning tuning() {
        return tuning;
    }

    private OpenCollections opening(IdSource ids, LuceneIndex.Tuning indexing) {
        WriteAdmission admission =
                new WriteAdmission(config.maxQueuedWrites(), config.maxQueuedBytes().bytes());
        Checkpointer.Rules rules =
                new Checkpointer.Rules(
                        config.checkpointRows(),
                        config.checkpointBytes().bytes(),
                        pools.saving(),
                        ids);
        return new OpenCollections(
                new OpenCollections.Setup(
                        config.cacheDirectory(),
                        config.maxOpenCollections(),
                        new LiveCollection.Parts(
                                catalog,
                                tail,
                                admission,
                                pools.applying(),
                                pools.reading(),
                                clock,
                                config.search().sampledQueries()),
                        checkpoints,
                        rules,
                        indexing));
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
        return reads.schema(reads.place(space, ref));
    }

    /// A collection as it is, or was in a snapshot.
    ///
    /// @throws QuernException `NOT_FOUND`
    public CollectionInfo get(SpaceId space, CollectionRef ref) {
        CollectionReads.Place place = reads.place(space, ref);
        if (place.kept().isEmpty()) {
            return info(place.definition());
        }
        return place.kept().get() instanceof Kept found
                        && found.checkpoint().counts(clock.instant())
                ? place.definition()
                        .info(
                                snapshots.schema(place.definition(), found),
                                found.checkpoint().rows())
                : reads.counted(place);
    }

    /// The collections of a space in name order.
    public List<CollectionInfo> list(SpaceId space) {
        return catalog.list(space).stream().map(this::info).toList();
    }

    /// Does not open a collection whose checkpoint says how many rows it has.
    private CollectionInfo info(Definition definition) {
        Optional<Checkpoint> checkpoint = checkpoints.findFact(definition);
        long token = checkpoint.map(Checkpoint::token).orElse(0L);
        boolean counts = checkpoint.isEmpty() || checkpoint.get().counts(clock.instant());
        if (counts && tail.isEmptyAfter(definition, token)) {
            return definition.info(
                    catalog.schema(definition), checkpoint.map(Checkpoint::rows).orElse(0L));
        }
        return reads.counted(
                new CollectionReads.Place(definition, Optional.empty(), Consistency.strong()));
    }

    /// Adds fields to a collection: rows written from now on may have them. A field that is there
    /// with the same type is left as it is; `strict` becomes what the addition says.
    ///
    /// @throws QuernException `NOT_FOUND`; `INVALID` for names and numbers out of bounds;
    ///   `CONFLICT` for a field that is there with another type
    public CollectionInfo addFields(SpaceId space, String name, CollectionSchema more) {
        Definition definition = catalog.get(space, name);
        try (OpenCollections.Lease lease = open.acquire(definition)) {
            lease.live().schema().change(schema -> schema.with(schema.fields().with(more)));
        }
        return info(definition);
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
        return writes.write(() -> catalog.get(space, name), batch);
    }

    /// Writes to this very collection, under whatever name it has by now: for what takes many
    /// writes and must not go on elsewhere when an alias is switched.
    ///
    /// @throws QuernException as the other; `CONFLICT` if it was rolled back since
    public WriteResult write(SpaceId space, CollectionInfo target, WriteBatch batch) {
        return writes.write(() -> catalog.get(space, target), batch);
    }

    /// Writes rows by a mode and under conditions, in one atomic, durable step.
    ///
    /// @throws QuernException as the other `write`; `CONFLICT` naming the first row whose version
    ///   is not the one expected, when nothing is written. A patch, an insert or a conditional
    ///   write whose outcome is not known (`UNAVAILABLE`) is not to be repeated blindly
    public WriteResult write(SpaceId space, String name, RowWrite write) {
        return write(space, name, _ -> write);
    }

    /// Writes what depends on the collection's fields, as on the models that embed its texts: it is
    /// made anew when the name comes to mean another collection before the write.
    ///
    /// @throws QuernException as the other, and what `made` throws
    public WriteResult write(
            SpaceId space, String name, Function<CollectionSchema, RowWrite> made) {
        return writes.write(() -> catalog.get(space, name), made);
    }

    /// Merges a patch into every row that matches, in one atomic, durable step.
    ///
    /// @param patch its id is of no row; it names the patch in errors
    /// @throws QuernException as `write`; `INVALID` when more than 10,000 rows match
    public WriteResult patch(SpaceId space, String name, Filter where, RowChange patch) {
        return patch(space, name, where, _ -> patch);
    }

    /// Merges a patch that depends on the collection's fields.
    ///
    /// @throws QuernException as the other, and what `made` throws
    public WriteResult patch(
            SpaceId space, String name, Filter where, Function<CollectionSchema, RowChange> made) {
        return writes.patch(() -> catalog.get(space, name), where, made);
    }

    /// Searches; sees every write that returned before.
    ///
    /// @throws QuernException `INVALID` naming what is out of bounds, `NOT_FOUND`
    public SearchOutcome search(SpaceId space, String name, SearchSpec spec) {
        return search(space, CollectionRef.of(name), spec);
    }

    /// Searches a collection as it is or was.
    ///
    /// @throws QuernException `INVALID` naming what is out of bounds, `NOT_FOUND`; `UNAVAILABLE`
    ///   when the writes asked for did not come in time
    public SearchOutcome search(SpaceId space, CollectionRef ref, SearchSpec spec) {
        return search(space, ref, _ -> spec);
    }

    /// A search that depends on the collection's fields, as on the models that embed its texts.
    ///
    /// @throws QuernException as the other, and what `spec` throws
    public SearchOutcome search(
            SpaceId space, CollectionRef ref, Function<CollectionSchema, SearchSpec> spec) {
        return reads.search(reads.place(space, ref), spec);
    }

    /// Searches a collection if that takes no time to speak of and waits for nothing, so that an
    /// event loop may do it: a plain search of a collection that is open and shows every write,
    /// where many like it were quick. Empty otherwise, for [#search] on a thread.
    ///
    /// @throws QuernException as the other
    public Optional<SearchOutcome> searchAtOnce(SpaceId space, CollectionRef ref, SearchSpec spec) {
        return reads.searchAtOnce(space, ref, spec);
    }

    /// How many rows match; all without a filter.
    ///
    /// @throws QuernException `INVALID` for the filter, `NOT_FOUND`
    public long count(SpaceId space, String name, Optional<Filter> filter) {
        return count(space, CollectionRef.of(name), filter);
    }

    /// How many rows match in a collection as it is or was; errors as the other's.
    public long count(SpaceId space, CollectionRef ref, Optional<Filter> filter) {
        return reads.count(space, ref, filter);
    }

    /// How a collection's rows are indexed now.
    ///
    /// @throws QuernException `NOT_FOUND`
    public CollectionStats stats(SpaceId space, String name) {
        return stats(space, CollectionRef.of(name));
    }

    /// How the rows of a collection are or were indexed; errors as the other's.
    public CollectionStats stats(SpaceId space, CollectionRef ref) {
        return reads.stats(space, ref);
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
            return lease.live().merge(IdleMerger.FOREVER);
        }
    }

    /// What the timer does every second.
    void mergeIdle() {
        idle.look();
    }

    /// What another timer does every second.
    void sweep() {
        sweeper.sweep();
    }

    /// What it does every minute.
    void sweepClosed() {
        sweeper.sweepClosed();
    }

    /// What yet another timer does every minute.
    void purgeHistories() {
        purges.purge();
    }

    /// The row of an id, with its vector, version and expiry.
    ///
    /// @throws QuernException `NOT_FOUND` for the collection
    public Optional<Row> find(SpaceId space, String name, String id) {
        return find(space, CollectionRef.of(name), id);
    }

    /// The row of an id in a collection as it is or was; errors as the other's.
    public Optional<Row> find(SpaceId space, CollectionRef ref, String id) {
        return reads.find(space, ref, id);
    }

    /// A page of rows in id order, with their versions and expiries.
    ///
    /// @param after only ids greater than this one
    /// @param limit 1 to 1,000
    /// @throws QuernException `INVALID`, `NOT_FOUND`
    public RowPage rows(
            SpaceId space, String name, Optional<String> after, int limit, boolean includeVector) {
        return rows(space, CollectionRef.of(name), after, limit, includeVector);
    }

    /// A page of rows of a collection as it is or was; errors as the other's.
    public RowPage rows(
            SpaceId space,
            CollectionRef ref,
            Optional<String> after,
            int limit,
            boolean includeVector) {
        return reads.rows(space, ref, new CollectionReads.Page(after, limit, includeVector));
    }

    /// Every row as it is now, for export.
    ///
    /// @throws QuernException `NOT_FOUND`
    @MustBeClosed
    public RowCursor cursor(SpaceId space, String name) {
        return cursor(space, CollectionRef.of(name));
    }

    /// Every row of a collection as it is or was; errors as the other's.
    @MustBeClosed
    public RowCursor cursor(SpaceId space, CollectionRef ref) {
        return reads.cursor(space, ref);
    }

    /// The time by which rows expire.
    public Instant now() {
        return clock.instant();
    }

    /// Which chunks its facts need.
    public ChunkRoots roots() {
        return roots;
    }

    @Override
    public void close() {
        purges.close();
        sweeper.close();
        idle.close();
        kept.close();
        open.close();
        pools.close();
    }
}
