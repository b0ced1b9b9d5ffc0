package dev.quern.vector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.vector.SearchOutcome.Strategy;
import dev.quern.vector.fused.FusedConfig;
import dev.quern.vector.fused.HotMemory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.apache.lucene.search.IndexSearcher;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What becomes of a collection's segments when nobody writes.
final class IdleMergeTest {
    private static final int DIMS = 8;
    private static final int ROWS = 6_000;
    private static final Duration SHORT = Duration.ofSeconds(2);

    private static final Schema SCHEMA = Rig.schema(DIMS, Metric.L2, Map.of());

    @TempDir Path directory;

    @AfterEach
    void restore() {
        HotMemory.limit(Runtime.getRuntime().maxMemory() / 2);
    }

    private static List<Row> rows(RandomGenerator random, int from, int to) {
        List<Row> rows = new ArrayList<>();
        for (int i = from; i < to; i++) {
            float[] vector = new float[DIMS];
            for (int d = 0; d < DIMS; d++) {
                vector[d] = (float) random.nextGaussian();
            }
            rows.add(Rig.row("r" + i, vector));
        }
        return rows;
    }

    @Test
    void aBulkLoadEndsAsOneGraphThatSearchesWalkAtOnce() {
        Seed.run(random -> {
            try (Rig rig =
                    new Rig(directory.resolve("bulk"), Rig.Stores.FAKE, IdleMergeTest::walking)) {
                load(rig, random);
                rig.pass(Duration.ofMillis(1_999));
                assertThat(stats(rig).merging()).isFalse();
                assertThat(stats(rig).segments()).isGreaterThan(1);
                rig.pass(Duration.ofMillis(1));
                CollectionStats settled = rig.settle();
                assertThat(settled.segments()).isOne();
                assertThat(settled.fusedRows()).isEqualTo(ROWS);
                assertThat(settled.rows()).isEqualTo(ROWS);
                assertThat(settled.merging()).isFalse();
                // No write came since the merge.
                SearchOutcome outcome = rig.search(SearchSpec.dense(new float[DIMS], 10));
                assertThat(outcome.plans().getFirst().strategy()).isEqualTo(Strategy.GRAPH);
            }
        });
    }

    /// A checkpoint holds what was merged, though no write came since the one before.
    @Test
    void restartsAndLostCachesDoNotMergeAgain() {
        Seed.run(random -> {
            try (Rig rig =
                    new Rig(directory.resolve("again"), Rig.Stores.FAKE, IdleMergeTest::walking)) {
                load(rig, random);
                rig.restart();
                assertThat(rig.tailFacts()).isZero();
                assertThat(stats(rig).segments()).isGreaterThan(1);
                assertThat(rig.settle().segments()).isOne();
                rig.restart();
                assertThat(stats(rig).segments()).isOne();
                rig.loseCache();
                assertThat(stats(rig).fusedRows()).isEqualTo(ROWS);
            }
        });
    }

    @Test
    void anIdleCollectionSavesWhatItMerged() {
        Seed.run(random -> {
            try (Rig rig =
                    new Rig(directory.resolve("saved"), Rig.Stores.REAL, IdleMergeTest::walking)) {
                load(rig, random);
                rig.settle();
                assertThat(rig.tailFacts()).isPositive();
                rig.pass(SHORT);
                long deadline = System.nanoTime() + 60_000_000_000L;
                Object never = new Object();
                while (rig.tailFacts() > 0) {
                    assertThat(System.nanoTime()).isLessThan(deadline);
                    synchronized (never) {
                        never.wait(20);
                    }
                }
                rig.crash();
                assertThat(stats(rig).segments()).isOne();
                assertThat(stats(rig).rows()).isEqualTo(ROWS);
            }
        });
    }

    private static CollectionConfig walking(CollectionConfig c) {
        return Rig.with(
                        Map.of(
                                "search",
                                SearchConfig.defaults().comparing(100),
                                "idleMerge",
                                SHORT))
                .apply(c);
    }

    /// Makes a few segments, none with a graph.
    private static void load(Rig rig, RandomGenerator random) {
        rig.create(DIMS, Metric.L2);
        for (int from = 0; from < ROWS; from += ROWS / 3) {
            rig.write(WriteBatch.upsert(rows(random, from, from + ROWS / 3)));
            rig.search(SearchSpec.dense(new float[DIMS], 1));
        }
        assertThat(stats(rig).fusedRows()).isZero();
    }

    private static CollectionStats stats(Rig rig) {
        return rig.service().stats(Rig.SPACE, Rig.NAME);
    }

    /// Tasks that run when the test says so.
    private static final class Later {
        private final Deque<Runnable> tasks = new ArrayDeque<>();
        private boolean full;

        void execute(Runnable task) {
            if (full) {
                throw new RejectedExecutionException("full");
            }
            tasks.add(task);
        }

        void runAll() {
            while (!tasks.isEmpty()) {
                tasks.removeFirst().run();
            }
        }
    }

    private static void fill(LuceneIndex index, RandomGenerator random) throws IOException {
        for (int from = 0; from < ROWS; from += ROWS / 3) {
            index.apply(WriteBatch.upsert(rows(random, from, from + ROWS / 3)), from, SCHEMA);
            index.refresh();
        }
    }

    private static CollectionStats stats(LuceneIndex index) throws IOException {
        IndexSearcher searcher = index.acquire();
        try {
            return CollectionStats.of(searcher.getIndexReader(), SCHEMA, index.isMerging());
        } finally {
            index.release(searcher);
        }
    }

    @Test
    void aMergeThatFoundNoThreadIsAskedForAgain() {
        Seed.run(random -> {
            Later later = new Later();
            LuceneIndex.Tuning tuning =
                    new LuceneIndex.Tuning(
                            16, later::execute, _ -> {}, () -> false, FusedConfig.DEFAULTS);
            try (LuceneIndex index =
                    LuceneIndex.open(directory.resolve("full"), SCHEMA, Optional.empty(), tuning)) {
                fill(index, random);
                later.full = true;
                assertThat(index.merge(SHORT)).isFalse();
                later.full = false;
                assertThat(index.merge(SHORT)).isTrue();
                assertThat(stats(index).merging()).isTrue();
                later.runAll();
                assertThat(index.merges()).isOne();
                index.refresh();
                assertThat(stats(index).segments()).isOne();
                assertThat(index.merge(SHORT)).isFalse();
            }
        });
    }

    @Test
    @SuppressWarnings("MustBeClosedChecker") // closed from another thread
    void closingDropsAMergeThatPausesForSearches() {
        Seed.run(random -> {
            Later later = new Later();
            AtomicInteger asked = new AtomicInteger();
            AtomicBoolean closed = new AtomicBoolean();
            LuceneIndex[] merging = new LuceneIndex[1];
            Thread closer =
                    Thread.ofPlatform()
                            .unstarted(() -> {
                                try {
                                    merging[0].close();
                                    closed.set(true);
                                } catch (IOException e) {
                                    throw new UncheckedIOException(e);
                                }
                            });
            LuceneIndex.Tuning tuning =
                    new LuceneIndex.Tuning(
                            16,
                            later::execute,
                            _ -> {},
                            () -> {
                                // Searches never cease, and in the midst of it all is closed.
                                if (asked.incrementAndGet() == 10) {
                                    closer.start();
                                }
                                return true;
                            },
                            FusedConfig.DEFAULTS);
            merging[0] =
                    LuceneIndex.open(directory.resolve("close"), SCHEMA, Optional.empty(), tuning);
            fill(merging[0], random);
            assertThat(merging[0].merge(SHORT)).isTrue();
            later.runAll();
            closer.join();
            assertThat(closed).isTrue();
            assertThat(merging[0].merges()).isZero();
            // A whole build asks for each 32 of the rows, several times.
            assertThat(asked).satisfies(a -> assertThat(a.get()).isBetween(10, 60));
        });
    }
}
