package dev.quern.bench;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.StorageConfig;
import dev.quern.storage.StorageEngine;
import dev.quern.vector.CollectionConfig;
import dev.quern.vector.CollectionService;
import dev.quern.vector.CollectionSpec;
import dev.quern.vector.CollectionStats;
import dev.quern.vector.Filter;
import dev.quern.vector.Leg;
import dev.quern.vector.Metric;
import dev.quern.vector.Row;
import dev.quern.vector.SearchOutcome;
import dev.quern.vector.SearchSpec;
import dev.quern.vector.WriteBatch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;
import java.util.function.ToDoubleFunction;

/// A live collection over the real storage engine in this JVM, with the settings of a server.
final class AnnCollection implements AutoCloseable {
    private static final SpaceId SPACE = SpaceId.DEFAULT;
    private static final String NAME = "one-liners";
    private static final int BATCH = 1_000;
    private static final int WRITERS = 2;
    private static final int[] WIDTHS = {12, 16, 24, 32, 40, 50, 64, 80, 100, 120, 160, 220};
    private static final long POLL_NANOS = 10_000_000;

    private final StorageEngine engine;
    private final CollectionService service;

    @SuppressWarnings("MustBeClosedChecker") // close() closes it
    AnnCollection(Path work) {
        this.engine = StorageEngine.open(StorageConfig.in(work.resolve("data")));
        this.service =
                new CollectionService(
                        engine.chunks(),
                        engine.facts(),
                        InstantSource.system(),
                        new Random(1),
                        CollectionConfig.defaults(work.resolve("cache")));
    }

    /// Writes all rows, each batch durable, and has them merged.
    ///
    /// @param attributes of a row
    /// @return seconds until one graph holds them all
    double fill(AnnData data, IntFunction<Map<String, Object>> attributes) {
        service.create(
                SPACE,
                new CollectionSpec(NAME, AnnData.DIMS, Metric.COSINE, Optional.empty()),
                false);
        long start = System.nanoTime();
        Load.run(
                WRITERS,
                (data.rows() + BATCH - 1) / BATCH,
                i -> write(data, i * BATCH, attributes));
        while (service.merge(SPACE, NAME)) {
            LockSupport.parkNanos(POLL_NANOS);
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        CollectionStats stats = service.stats(SPACE, NAME);
        if (stats.segments() != 1 || stats.fusedRows() != data.rows()) {
            throw QuernException.internal("the collection is not one graph: " + stats, null);
        }
        return seconds;
    }

    private void write(AnnData data, int from, IntFunction<Map<String, Object>> attributes) {
        List<Row> rows = new ArrayList<>();
        try {
            int count = Math.min(BATCH, data.rows() - from);
            for (float[] vector : data.vectors(from, count)) {
                rows.add(
                        new Row(
                                Integer.toString(from + rows.size()),
                                Optional.empty(),
                                vector,
                                attributes.apply(from + rows.size())));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        service.write(SPACE, NAME, WriteBatch.upsert(rows));
    }

    /// Searches from one thread, three times at each width, of which the median counts.
    Curve search(AnnData data) {
        return search(data.queries(), Optional.empty(), found -> recall(data, found));
    }

    /// The same under a filter.
    Curve search(FilterData filters, FilterData.Case filter) {
        return search(
                filters.data().queries(),
                Optional.of(filter.filter()),
                found -> filters.recall(filter, found));
    }

    private Curve search(
            float[][] queries,
            Optional<Filter> filter,
            ToDoubleFunction<List<Set<Integer>>> recall) {
        List<Curve.Point> points = new ArrayList<>();
        for (int width : WIDTHS) {
            double[] seconds = new double[3];
            List<Set<Integer>> found = new ArrayList<>();
            for (int round = -1; round < seconds.length; round++) {
                found.clear();
                long start = System.nanoTime();
                for (float[] query : queries) {
                    found.add(rows(nearest(query, width, filter)));
                }
                if (round >= 0) {
                    seconds[round] = (System.nanoTime() - start) / 1e9;
                }
            }
            double qps = queries.length / Stats.of(seconds).median();
            points.add(new Curve.Point(recall.applyAsDouble(found), qps));
        }
        return new Curve(points);
    }

    /// One search, upon which the collection is open.
    void first(AnnData data) {
        var _ = nearest(data.queries()[0], 0, Optional.empty());
    }

    /// What one thread reached.
    ///
    /// @param seconds of each search
    record Speed(double recall, double[] seconds) {}

    /// Searches from one thread as wide as it must be to find so much, or as wide as it can be, the
    /// last of three rounds.
    Speed atRecall(AnnData data, double wanted) {
        int width = 0;
        double found = 0;
        for (int i = 0; i < WIDTHS.length && found < wanted; i++) {
            width = WIDTHS[i];
            int wide = width;
            found =
                    recall(
                            data,
                            Arrays.stream(data.queries())
                                    .map(query -> rows(nearest(query, wide, Optional.empty())))
                                    .toList());
        }
        double[] seconds = new double[0];
        for (int round = 0; round < 3; round++) {
            seconds = new double[data.queries().length];
            for (int i = 0; i < seconds.length; i++) {
                long start = System.nanoTime();
                var _ = nearest(data.queries()[i], width, Optional.empty());
                seconds[i] = (System.nanoTime() - start) / 1e9;
            }
        }
        return new Speed(found, seconds);
    }

    private static Set<Integer> rows(SearchOutcome outcome) {
        Set<Integer> rows = new HashSet<>();
        outcome.hits().forEach(hit -> rows.add(Integer.parseInt(hit.row().id())));
        return rows;
    }

    private static double recall(AnnData data, List<Set<Integer>> found) {
        int hits = 0;
        for (int i = 0; i < found.size(); i++) {
            Set<Integer> truth = data.nearest().get(i);
            hits += (int) found.get(i).stream().filter(truth::contains).count();
        }
        return hits / (double) (found.size() * AnnData.K);
    }

    /// Ids and scores, which is what the peers return.
    private SearchOutcome nearest(float[] query, int width, Optional<Filter> filter) {
        Leg leg = new Leg.Dense(Optional.empty(), query, false, width);
        return service.search(
                SPACE, NAME, SearchSpec.of(List.of(leg), filter, AnnData.K).withIdsOnly());
    }

    @Override
    public void close() {
        service.close();
        engine.close();
    }
}
