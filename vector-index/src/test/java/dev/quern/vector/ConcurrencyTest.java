package dev.quern.vector;

import static dev.quern.vector.Rig.NAME;
import static dev.quern.vector.Rig.SPACE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.ByteSize;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class ConcurrencyTest {
    private static final int GROUP = 10;
    private static final int GROUPS = 3;
    private static final int WRITERS = 6;
    private static final int SEARCHERS = 2;
    private static final int WRITES = 25;

    @TempDir Path directory;

    /// The write with the greatest token of a group.
    private record Last(long token, long version) {}

    /// Writers replace all rows of a group at once, by turns by upsert and by delete + upsert under
    /// other ids; searchers must never see two versions in a group, nor a part of one, nor one
    /// older than what was acknowledged. What is there in the end is what the greatest token wrote,
    /// also after a crash.
    @ParameterizedTest
    @EnumSource
    void noSearchSeesHalfABatch(Rig.Stores stores)
            throws ExecutionException, IOException, InterruptedException {
        try (Rig rig = new Rig(directory, stores, Rig.checkpointEvery(200))) {
            rig.create(2, Metric.L2);
            List<Last> lasts = new ArrayList<>();
            for (int group = 0; group < GROUPS; group++) {
                lasts.add(write(rig, group, 0));
            }
            AtomicLong versions = new AtomicLong();
            AtomicBoolean done = new AtomicBoolean();
            List<Callable<List<Last>>> writers = new ArrayList<>();
            for (int w = 0; w < WRITERS; w++) {
                int group = w % GROUPS;
                writers.add(() -> writer(rig, group, versions));
            }
            AtomicInteger seen = new AtomicInteger();
            try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
                List<Future<?>> searchers = new ArrayList<>();
                for (int s = 0; s < SEARCHERS; s++) {
                    int group = s % GROUPS;
                    searchers.add(pool.submit(() -> search(rig, group, done, seen)));
                }
                searchers.add(pool.submit(() -> merge(rig, done)));
                List<Future<List<Last>>> ended = pool.invokeAll(writers);
                done.set(true);
                for (Future<List<Last>> written : ended) {
                    List<Last> results = written.get();
                    Last last = results.getLast();
                    int group = (int) (last.version() % GROUPS);
                    lasts.set(group, later(lasts.get(group), last));
                }
                for (Future<?> searcher : searchers) {
                    searcher.get();
                }
            }
            assertThat(seen.get()).isPositive();
            for (int group = 0; group < GROUPS; group++) {
                assertThat(versionOf(rig, group)).isEqualTo(lasts.get(group).version());
            }
            rig.crash();
            for (int group = 0; group < GROUPS; group++) {
                assertThat(versionOf(rig, group)).isEqualTo(lasts.get(group).version());
            }
            assertThat(rig.rows()).isEqualTo(GROUP * GROUPS);
        }
    }

    private static Last later(Last a, Last b) {
        return a.token() > b.token() ? a : b;
    }

    private static List<Last> writer(Rig rig, int group, AtomicLong versions) {
        List<Last> written = new ArrayList<>();
        for (int i = 0; i < WRITES; i++) {
            long version = versions.incrementAndGet() * GROUPS + group;
            Last last = write(rig, group, version);
            long shown = versionOf(rig, group);
            // Its own, or one of the group's other writer; not one that it wrote before.
            assertThat(written).extracting(Last::version).doesNotContain(shown);
            written.add(last);
        }
        return written;
    }

    private static Last write(Rig rig, int group, long version) {
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < GROUP; i++) {
            rows.add(
                    new Row(
                            "g" + group + "-" + (version / GROUPS % 2) + "-" + i,
                            Optional.of("word"),
                            new float[] {group, i},
                            Map.of("group", group, "version", version)));
        }
        Filter all = new Filter.Eq("group", (long) group);
        WriteBatch batch =
                version == 0
                        ? WriteBatch.upsert(rows)
                        : new WriteBatch(rows, List.of(), Optional.of(all));
        WriteResult result = rig.write(batch);
        assertThat(result.deleted()).isEqualTo(version == 0 ? 0 : GROUP);
        return new Last(result.token(), version);
    }

    private static void search(Rig rig, int group, AtomicBoolean done, AtomicInteger seen) {
        while (!done.get()) {
            versionOf(rig, group);
            seen.incrementAndGet();
        }
    }

    /// Merges what there is to merge, again and again.
    private static void merge(Rig rig, AtomicBoolean done) {
        while (!done.get()) {
            if (!rig.service().merge(SPACE, NAME)) {
                Thread.onSpinWait();
            }
        }
    }

    private static long versionOf(Rig rig, int group) {
        SearchSpec spec =
                SearchSpec.hybrid(new float[] {group, 0}, "word", 100)
                        .where(new Filter.Eq("group", (long) group));
        List<Hit> hits = rig.search(spec).hits();
        assertThat(hits).hasSize(GROUP);
        List<Object> versions =
                hits.stream().map(hit -> hit.row().attributes().get("version")).distinct().toList();
        assertThat(versions).hasSize(1);
        return (Long) versions.getFirst();
    }

    @Test
    void concurrentWritersAddAttributes() throws ExecutionException, InterruptedException {
        try (Rig rig = new Rig(directory, Rig.Stores.FAKE);
                ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            rig.create(1, Metric.DOT);
            List<Future<?>> writes = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                Row row = Rig.row("r" + i, "t", Map.of("a" + i % 50, i), 1);
                writes.add(pool.submit(() -> rig.upsert(row)));
            }
            for (Future<?> write : writes) {
                write.get();
            }
            assertThat(rig.matching(new Filter.Eq("a7", 107L), 1)).containsExactly("r107");
            rig.restart();
            assertThat(rig.matching(new Filter.Eq("a49", 49L), 1)).containsExactly("r49");
        }
    }

    @Test
    void oneOfTwoConflictingTypesWins() throws ExecutionException, InterruptedException {
        try (Rig rig = new Rig(directory, Rig.Stores.FAKE);
                ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            rig.create(1, Metric.DOT);
            for (int round = 0; round < 30; round++) {
                String name = "a" + round;
                CountDownLatch start = new CountDownLatch(1);
                List<Future<Boolean>> writes = new ArrayList<>();
                for (Object value : List.<Object>of("text", 1L)) {
                    Row row = Rig.row(name + value, "t", Map.of(name, value), 1);
                    writes.add(
                            pool.submit(() -> {
                                start.await();
                                return succeeds(rig, row);
                            }));
                }
                start.countDown();
                assertThat(writes.get(0).get() ^ writes.get(1).get()).isTrue();
            }
            assertThat(rig.rows()).isEqualTo(30);
        }
    }

    private static boolean succeeds(Rig rig, Row row) {
        try {
            rig.upsert(row);
            return true;
        } catch (QuernException e) {
            assertThat(e.kind()).isEqualTo(ErrorKind.INVALID);
            return false;
        }
    }

    @Test
    void writesBeyondTheBoundAreRefused() throws ExecutionException, InterruptedException {
        try (Rig rig =
                        new Rig(
                                directory,
                                Rig.Stores.FAKE,
                                Rig.with(
                                        Map.of(
                                                "maxQueuedWrites",
                                                2,
                                                "maxQueuedBytes",
                                                ByteSize.ofMebibytes(1),
                                                "mergeThreads",
                                                1,
                                                "cpuThreads",
                                                1,
                                                "maxOpenCollections",
                                                8)));
                ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            rig.create(64, Metric.L2);
            AtomicInteger refused = new AtomicInteger();
            AtomicInteger accepted = new AtomicInteger();
            List<Future<?>> writes = new ArrayList<>();
            for (int i = 0; i < 300; i++) {
                Row row = Rig.row("r" + i, new float[64]);
                writes.add(pool.submit(() -> tryWrite(rig, row, accepted, refused)));
            }
            for (Future<?> write : writes) {
                write.get();
            }
            assertThat(accepted.get() + refused.get()).isEqualTo(300);
            assertThat(rig.rows()).isEqualTo(accepted.get());
            rig.upsert(Rig.row("after", new float[64]));
            List<Row> big = new ArrayList<>();
            for (int i = 0; i < 5_000; i++) {
                big.add(Rig.row("r" + i, new float[64]));
            }
            Rig.assertKind(
                    ErrorKind.INVALID,
                    "the bound is 1048576: split it",
                    () -> rig.write(WriteBatch.upsert(big)));
        }
    }

    private static void tryWrite(Rig rig, Row row, AtomicInteger accepted, AtomicInteger refused) {
        try {
            rig.upsert(row);
            accepted.incrementAndGet();
        } catch (QuernException e) {
            assertThat(e.kind()).isEqualTo(ErrorKind.EXHAUSTED);
            assertThat(e.details()).containsKey("retry_after_ms");
            refused.incrementAndGet();
        }
    }

    @Test
    void deleteWhileInUse() throws ExecutionException, InterruptedException {
        try (Rig rig = new Rig(directory, Rig.Stores.FAKE);
                ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int round = 0; round < 10; round++) {
                rig.create(2, Metric.L2);
                AtomicBoolean done = new AtomicBoolean();
                List<Future<?>> users = new ArrayList<>();
                for (int u = 0; u < 4; u++) {
                    int user = u;
                    users.add(pool.submit(() -> use(rig, user, done)));
                }
                rig.upsert(Rig.row("x", 1, 1));
                rig.service().delete(SPACE, NAME);
                done.set(true);
                for (Future<?> user : users) {
                    user.get();
                }
                assertThat(rig.service().list(SPACE)).isEmpty();
            }
        }
    }

    private static void use(Rig rig, int user, AtomicBoolean done) {
        while (!done.get()) {
            try {
                rig.upsert(Rig.row("u" + user, user, 1));
                assertThat(rig.ids(SearchSpec.dense(new float[] {1, 1}, 10))).isNotEmpty();
            } catch (QuernException e) {
                assertThat(e.kind())
                        .as(e.getMessage())
                        .isIn(ErrorKind.NOT_FOUND, ErrorKind.UNAVAILABLE);
            }
        }
    }

    @Test
    void closeWaitsForWritesAndLosesNone() throws InterruptedException, ExecutionException {
        try (Rig rig = new Rig(directory, Rig.Stores.REAL);
                ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            rig.create(2, Metric.L2);
            AtomicInteger acknowledged = new AtomicInteger();
            List<Future<?>> writers = new ArrayList<>();
            for (int w = 0; w < 8; w++) {
                int writer = w;
                writers.add(pool.submit(() -> writeUntilClosed(rig, writer, acknowledged)));
            }
            while (acknowledged.get() < 50) {
                Thread.onSpinWait();
            }
            rig.restart();
            for (Future<?> writer : writers) {
                writer.get();
            }
            assertThat(rig.rows()).isGreaterThanOrEqualTo(acknowledged.get());
        }
    }

    private static void writeUntilClosed(Rig rig, int writer, AtomicInteger acknowledged) {
        CollectionService service = rig.service();
        for (int i = 0; ; i++) {
            try {
                WriteBatch one = WriteBatch.upsert(List.of(Rig.row(writer + "-" + i, 1, i)));
                service.write(SPACE, NAME, one);
                acknowledged.incrementAndGet();
            } catch (QuernException e) {
                assertThat(e.kind()).isIn(ErrorKind.UNAVAILABLE, ErrorKind.INTERNAL);
                return;
            }
        }
    }
}
