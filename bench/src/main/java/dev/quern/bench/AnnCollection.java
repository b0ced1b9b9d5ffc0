package dev.quern.bench;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.StorageConfig;
import dev.quern.storage.StorageEngine;
import dev.quern.vector.CollectionConfig;
import dev.quern.vector.CollectionService;
import dev.quern.vector.CollectionSpec;
import dev.quern.vector.CollectionStats;
import dev.quern.vector.Hit;
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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

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
    /// @return seconds until one graph holds them all
    double fill(AnnData data) {
        service.create(
                SPACE,
                new CollectionSpec(NAME, AnnData.DIMS, Metric.COSINE, Optional.empty()),
                false);
        long start = System.nanoTime();
        Load.run(WRITERS, (data.rows() + BATCH - 1) / BATCH, i -> write(data, i * BATCH));
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

    private void write(AnnData data, int from) {
        List<Row> rows = new ArrayList<>();
        try {
            int count = Math.min(BATCH, data.rows() - from);
            for (float[] vector : data.vectors(from, count)) {
                rows.add(
                        new Row(
                                Integer.toString(from + rows.size()),
                                Optional.empty(),
                                vector,
                                Map.of()));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        service.write(SPACE, NAME, WriteBatch.upsert(rows));
    }

    /// Searches from one thread, three times at each width, of which the median counts.
    Curve search(AnnData data) {
        List<Curve.Point> points = new ArrayList<>();
        for (int width : WIDTHS) {
            double[] seconds = new double[3];
            for (int round = -1; round < seconds.length; round++) {
                long start = System.nanoTime();
                for (float[] query : data.queries()) {
                    nearest(query, width);
                }
                if (round >= 0) {
                    seconds[round] = (System.nanoTime() - start) / 1e9;
                }
            }
            double qps = data.queries().length / Stats.of(seconds).median();
            points.add(new Curve.Point(recall(data, width), qps));
        }
        return new Curve(points);
    }

    /// One search, upon which the collection is open.
    void first(AnnData data) {
        nearest(data.queries()[0], 0);
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
            found = recall(data, width);
        }
        double[] seconds = new double[0];
        for (int round = 0; round < 3; round++) {
            seconds = new double[data.queries().length];
            for (int i = 0; i < seconds.length; i++) {
                long start = System.nanoTime();
                nearest(data.queries()[i], width);
                seconds[i] = (System.nanoTime() - start) / 1e9;
            }
        }
        return new Speed(found, seconds);
    }

    private double recall(AnnData data, int width) {
        int found = 0;
        for (int i = 0; i < data.queries().length; i++) {
            Set<Integer> truth = data.nearest().get(i);
            for (Hit hit : nearest(data.queries()[i], width).hits()) {
                found += truth.contains(Integer.parseInt(hit.row().id())) ? 1 : 0;
            }
        }
        return found / (double) (data.queries().length * AnnData.K);
    }

    /// Ids and scores, which is what the peers return.
    private SearchOutcome nearest(float[] query, int width) {
        Leg leg = new Leg.Dense(Optional.empty(), query, false, width);
        return service.search(
                SPACE,
                NAME,
                SearchSpec.of(List.of(leg), Optional.empty(), AnnData.K).withIdsOnly());
    }

    @Override
    public void close() {
        service.close();
        engine.close();
    }
}
