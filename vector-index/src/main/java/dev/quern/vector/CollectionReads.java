package dev.quern.vector;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.lucene.search.MatchAllDocsQuery;

/// What [CollectionService] reads, of collections and of snapshots. Thread-safe.
final class CollectionReads {
    /// How long a read waits for writes in flight that may have the token which it asks for.
    private static final Duration MAX_WAIT = Duration.ofSeconds(10);

    /// Whatever the index shows.
    private static final Consistency AS_IT_IS = new Consistency.AtLeast(0);

    private final Parts parts;

    CollectionReads(Parts parts) {
        this.parts = parts;
    }

    /// What is read, and where.
    ///
    /// @param searching threads that read
    record Parts(
            Catalog catalog,
            Snapshots snapshots,
            PastStates past,
            OpenCollections open,
            OpenSnapshots kept,
            CpuPool searching,
            DenseLeg.Means means) {}

    /// A page of rows to read.
    ///
    /// @param limit 1 to 1,000
    record Page(Optional<String> after, int limit, boolean includeVector) {}

    /// Where rows are to be read.
    ///
    /// @param kept empty: in the live collection
    record Place(Definition definition, Optional<KeptState> kept, Consistency consistency) {}

    Place place(SpaceId space, CollectionRef ref) {
        Definition definition = parts.catalog().get(space, ref.name());
        return new Place(
                definition,
                ref.at().map(at -> parts.past().get(definition, at)),
                ref.consistency());
    }

    CollectionInfo counted(Place place) {
        return reading(
                place,
                Duration.ZERO,
                live ->
                        live.read(s ->
                                place.definition()
                                        .info(live.schema().now(), s.getIndexReader().numDocs())));
    }

    /// The fields that the rows have.
    CollectionSchema schema(Place place) {
        return whole(place).fields();
    }

    /// The fields, and what is tuned.
    Schema whole(Place place) {
        return place.kept()
                .map(k -> parts.snapshots().schema(place.definition(), k))
                .orElseGet(() -> parts.catalog().schema(place.definition()));
    }

    /// Its time begins when it is known what is asked: one deadline for opening, for waiting for a
    /// token or a thread, and for the search.
    ///
    /// @param asked by the fields; it may take long, so it is made before anything is opened
    SearchOutcome search(Place place, Function<CollectionSchema, SearchSpec> asked) {
        SearchSpec spec = asked.apply(schema(place));
        Deadline deadline = Deadline.after(spec.options().timeout(), System::nanoTime);
        return reading(
                place,
                () -> deadline.left(MAX_WAIT),
                SearchPace.isPlain(spec)
                        ? (live, action) -> runPlain(live, spec, action)
                        : this::run,
                live -> search(live, spec, deadline, place.consistency()));
    }

    private SearchOutcome search(
            ReadableCollection live, SearchSpec spec, Deadline deadline, Consistency consistency) {
        Search search = new Search(live.schema().now(), spec, parts.means(), deadline);
        SearchOutcome outcome = live.read(consistency, search::run);
        live.searched(search);
        return outcome;
    }

    /// Searches rows as they are now if that takes no time to speak of and waits for nothing, as on
    /// an event loop; empty if it might.
    ///
    /// @throws QuernException as [#search], but for what another try on a thread may mend
    Optional<SearchOutcome> searchAtOnce(SpaceId space, CollectionRef ref, SearchSpec spec) {
        if (ref.at().isPresent() || ref.consistency() instanceof Consistency.AtLeast) {
            return Optional.empty();
        }
        Optional<Definition> definition = parts.catalog().known(space, ref.name());
        if (definition.isEmpty()) {
            return Optional.empty();
        }
        try (OpenCollections.Lease lease = parts.open().acquireOpen(definition.get())) {
            if (lease == null) {
                return Optional.empty();
            }
            LiveCollection live = lease.live();
            if (!live.pace().isSteady(spec) || !live.isShown()) {
                return Optional.empty();
            }
            // What is shown has every write that was acknowledged when this began; a write that
            // comes meanwhile must not make it wait for a look at that.
            Deadline deadline = Deadline.after(spec.options().timeout(), System::nanoTime);
            return parts.searching()
                    .tryAtOnce(() -> timed(live, spec, l -> search(l, spec, deadline, AS_IT_IS)));
        } catch (QuernException e) {
            if (e.kind() == ErrorKind.UNAVAILABLE) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private static <T> T timed(
            ReadableCollection live, SearchSpec spec, Function<ReadableCollection, T> action) {
        long start = System.nanoTime();
        T result = action.apply(live);
        live.pace().took(spec, System.nanoTime() - start);
        return result;
    }

    /// Runs a plain search, and notes how long it took.
    private <T> T runPlain(
            ReadableCollection live, SearchSpec spec, Function<ReadableCollection, T> action) {
        Function<ReadableCollection, T> timed = l -> timed(l, spec, action);
        return live.isShown() && live.pace().isQuick()
                ? parts.searching().callAtOnce(() -> timed.apply(live))
                : run(live, timed);
    }

    long count(SpaceId space, CollectionRef ref, Optional<Filter> filter) {
        return reading(
                place(space, ref),
                MAX_WAIT,
                live -> {
                    filter.ifPresent(f -> FilterCheck.check(f, live.schema().now()));
                    return live.read(
                            ref.consistency(),
                            searcher ->
                                    (long)
                                            searcher.count(
                                                    filter.map(
                                                                    new FilterQueries(
                                                                                    live.schema()
                                                                                            .now())
                                                                            ::query)
                                                            .orElse(MatchAllDocsQuery.INSTANCE)));
                });
    }

    CollectionStats stats(SpaceId space, CollectionRef ref) {
        return reading(place(space, ref), MAX_WAIT, ReadableCollection::stats);
    }

    Optional<Row> find(SpaceId space, CollectionRef ref, String id) {
        return reading(
                place(space, ref),
                MAX_WAIT,
                live -> {
                    CollectionSchema schema = live.schema().now().fields();
                    schema.ids().check("id", id);
                    return live.read(
                            ref.consistency(),
                            searcher ->
                                    RowReader.find(
                                            searcher.getIndexReader(),
                                            schema.ids().term(id),
                                            schema.vectors().keySet()));
                });
    }

    RowPage rows(SpaceId space, CollectionRef ref, Page page) {
        Search.requireBetween("limit", page.limit(), 1, Search.MAX_LIMIT);
        return reading(
                place(space, ref),
                MAX_WAIT,
                live -> {
                    CollectionSchema schema = live.schema().now().fields();
                    page.after().ifPresent(id -> schema.ids().check("after", id));
                    return live.read(
                            ref.consistency(),
                            searcher ->
                                    RowReader.page(
                                            searcher.getIndexReader(),
                                            page.after().map(schema.ids()::term),
                                            page.limit(),
                                            page.includeVector()
                                                    ? schema.vectors().keySet()
                                                    : Set.of()));
                });
    }

    @MustBeClosed
    RowCursor cursor(SpaceId space, CollectionRef ref) {
        Place place = place(space, ref);
        return reading(
                place,
                MAX_WAIT,
                live ->
                        live.read(
                                ref.consistency(),
                                searcher -> {
                                    long rows = searcher.getIndexReader().numDocs();
                                    return new SnapshotCursor(
                                            searcher,
                                            place.definition().info(live.schema().now(), rows));
                                }));
    }

    @MustBeClosed
    private ReadLease acquire(Place place) {
        return place.kept().isPresent()
                ? parts.kept().acquire(place.definition(), place.kept().get())
                : parts.open().acquire(place.definition());
    }

    private <T> T reading(Place place, Duration wait, Function<ReadableCollection, T> action) {
        return reading(place, () -> wait, this::run, action);
    }

    /// Where a reading action runs.
    private interface Runner<T> {
        T run(ReadableCollection live, Function<ReadableCollection, T> action);
    }

    /// Runs a reading action; if the index turns out damaged, once more on a rebuilt one; if it was
    /// replaced, on the other.
    ///
    /// @param wait for the writes that the consistency asks for, at most
    private <T> T reading(
            Place place,
            Supplier<Duration> wait,
            Runner<T> runner,
            Function<ReadableCollection, T> action) {
        int damaged = 0;
        for (int tries = 1; ; tries++) {
            try (ReadLease lease = acquire(place)) {
                try {
                    lease.live().await(place.consistency(), wait.get());
                    return runner.run(lease.live(), action);
                } catch (QuernException e) {
                    damaged += lease.live().isReplaced() ? 0 : 1;
                    if (e.kind() != ErrorKind.UNAVAILABLE
                            || !lease.live().isFailed()
                            || damaged > 1
                            || tries == CollectionWrites.MAX_MOVES) {
                        throw e;
                    }
                }
            }
        }
    }

    /// On the caller's thread only what opens no file: an interrupt would close it under Lucene.
    private <T> T run(ReadableCollection live, Function<ReadableCollection, T> action) {
        return live.isShown()
                ? parts.searching().callHere(() -> action.apply(live))
                : parts.searching().call(() -> action.apply(live));
    }
}
