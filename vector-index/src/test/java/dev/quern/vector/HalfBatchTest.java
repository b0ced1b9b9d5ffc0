package dev.quern.vector;

import static dev.quern.vector.Rig.NAME;
import static dev.quern.vector.Rig.SPACE;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Every way to write batches beside every way to read, while merges, checkpoints and snapshots go
/// on: whatever is read of a group was left by one write. Each writer has groups of its own; a row
/// tells how many its group has and which write stored or patched it last.
final class HalfBatchTest {
    private static final int WRITERS = 3;
    private static final int READERS = 3;
    private static final int GROUPS = 2;
    private static final int MOST_ROWS = 30;
    private static final int WRITES = 25;

    @TempDir Path directory;

    @ParameterizedTest
    @EnumSource
    void noReadSeesOne(Rig.Stores stores) {
        Seed.run(random -> {
            Path place = directory.resolve("run" + System.nanoTime());
            try (Rig rig = new Rig(place, stores, Rig.checkpointEvery(100));
                    ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
                rig.create(2, Metric.L2);
                replace(rig, random, 0, 0);
                AtomicBoolean done = new AtomicBoolean();
                List<Future<?>> readers = new ArrayList<>();
                for (int i = 0; i < READERS; i++) {
                    RandomGenerator own = Seed.random(random.nextLong());
                    readers.add(pool.submit(() -> read(rig, own, done)));
                }
                readers.add(pool.submit(() -> merge(rig, done)));
                List<Future<?>> writers = new ArrayList<>();
                for (int i = 0; i < WRITERS; i++) {
                    int writer = i;
                    RandomGenerator own = Seed.random(random.nextLong());
                    writers.add(pool.submit(() -> write(rig, own, writer)));
                }
                try {
                    for (Future<?> writer : writers) {
                        writer.get();
                    }
                } finally {
                    done.set(true);
                }
                for (Future<?> reader : readers) {
                    reader.get();
                }
            } catch (ExecutionException e) {
                throw new AssertionError(e);
            }
        });
    }

    private static String group(int writer, int group) {
        return "w" + writer + "-" + group;
    }

    private static Filter in(String group) {
        return new Filter.Eq("group", group);
    }

    private static void write(Rig rig, RandomGenerator random, int writer) {
        for (long number = 1; number <= WRITES; number++) {
            String group = group(writer, random.nextInt(GROUPS));
            switch (random.nextInt(5)) {
                case 0 -> rig.write(WriteBatch.deleteWhere(in(group)));
                case 1, 2 -> {
                    Row patch = new Row("patch", Map.of(), Map.of(), Map.of("write", number));
                    rig.service().patch(SPACE, NAME, in(group), RowChange.of(patch));
                }
                default -> replace(rig, random, writer, number);
            }
        }
    }

    private static void replace(Rig rig, RandomGenerator random, int writer, long number) {
        String group = group(writer, random.nextInt(GROUPS));
        int size = 1 + random.nextInt(MOST_ROWS);
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            rows.add(
                    Rig.row(
                            group + "-" + random.nextInt(3) + "-" + i,
                            "word",
                            Map.of("group", group, "write", number, "size", size),
                            random.nextFloat(),
                            i));
        }
        rig.write(new WriteBatch(rows, List.of(), Optional.of(in(group))));
    }

    private static void merge(Rig rig, AtomicBoolean done) {
        while (!done.get()) {
            if (!rig.service().merge(SPACE, NAME)) {
                Thread.onSpinWait();
            }
        }
    }

    private static void read(Rig rig, RandomGenerator random, AtomicBoolean done) {
        String snapshot = "s" + random.nextInt(Integer.MAX_VALUE);
        while (!done.get()) {
            String group = group(random.nextInt(WRITERS), random.nextInt(GROUPS));
            Consistency consistency =
                    random.nextBoolean() ? Consistency.strong() : new Consistency.Eventual();
            CollectionRef ref = CollectionRef.of(NAME).with(consistency);
            if (random.nextInt(20) == 0) {
                rig.service().versions().snapshot(SPACE, NAME, snapshot);
                check(search(rig, CollectionRef.at(NAME, snapshot), random, group));
                check(export(rig, CollectionRef.at(NAME, snapshot), group));
                rig.service().versions().deleteSnapshot(SPACE, NAME, snapshot);
            }
            check(
                    random.nextInt(4) == 0
                            ? export(rig, ref, group)
                            : search(rig, ref, random, group));
        }
    }

    private static List<Row> search(
            Rig rig, CollectionRef ref, RandomGenerator random, String group) {
        float[] query = {random.nextFloat(), random.nextFloat()};
        SearchSpec spec =
                switch (random.nextInt(3)) {
                    case 0 -> SearchSpec.dense(query, 100);
                    case 1 -> SearchSpec.bm25("word", 100);
                    default -> SearchSpec.hybrid(query, "word", 100);
                };
        return rig.service().search(SPACE, ref, spec.where(in(group))).hits().stream()
                .map(Hit::row)
                .toList();
    }

    private static List<Row> export(Rig rig, CollectionRef ref, String group) {
        List<Row> rows = new ArrayList<>();
        try (RowCursor cursor = rig.service().cursor(SPACE, ref)) {
            List<Row> batch = cursor.next(50);
            while (!batch.isEmpty()) {
                rows.addAll(batch);
                batch = cursor.next(50);
            }
        }
        rows.removeIf(row -> !group.equals(row.attributes().get("group")));
        return rows;
    }

    private static void check(List<Row> rows) {
        if (rows.isEmpty()) {
            return;
        }
        assertThat(rows.stream().map(row -> row.attributes().get("write")).distinct()).hasSize(1);
        assertThat(rows.stream().map(Row::version).distinct().filter(v -> v != 0))
                .hasSizeLessThanOrEqualTo(1);
        assertThat(rows.getFirst().attributes()).containsEntry("size", (long) rows.size());
    }
}
