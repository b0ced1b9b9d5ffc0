package dev.quern.vector;

import static dev.quern.vector.Rig.NAME;
import static dev.quern.vector.Rig.SPACE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.vector.RowWrite.Mode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Writes that depend on rows, at once.
final class RowWriteRaceTest {
    private static final int THREADS = 8;
    private static final int INCREMENTS = 25;
    private static final List<String> COUNTERS = List.of("a", "b", "c");

    @TempDir Path directory;

    /// Each thread adds 1 to every counter, again and again, by reading a row and writing it if its
    /// version is still the one read. With checkpoints in between, and a crash after each round.
    @ParameterizedTest
    @EnumSource
    void noIncrementIsLost(Rig.Stores stores)
            throws ExecutionException, IOException, InterruptedException {
        try (Rig rig = new Rig(directory, stores, Rig.checkpointEvery(150))) {
            rig.create(1, Metric.DOT);
            for (int round = 1; round <= 2; round++) {
                List<Callable<Integer>> threads = new ArrayList<>();
                for (int t = 0; t < THREADS; t++) {
                    threads.add(() -> increments(rig));
                }
                run(threads);
                for (int crash = 0; crash < 2; crash++) {
                    for (String counter : COUNTERS) {
                        assertThat(count(rig, counter))
                                .isEqualTo((long) round * THREADS * INCREMENTS);
                    }
                    rig.crash();
                }
            }
        }
    }

    private static int increments(Rig rig) {
        int tries = 0;
        for (int i = 0; i < INCREMENTS; i++) {
            for (String counter : COUNTERS) {
                while (!increment(rig, counter)) {
                    tries++;
                }
            }
        }
        return tries;
    }

    private static boolean increment(Rig rig, String id) {
        Optional<Row> row = rig.find(id);
        long count = row.map(r -> (Long) r.attributes().get("count")).orElse(0L);
        return succeeds(
                rig, RowChange.ifVersion(counter(id, count + 1), row.map(Row::version).orElse(0L)));
    }

    private static Row counter(String id, long count) {
        return Rig.row(id, "counter", Map.of("count", count), 1);
    }

    private static boolean succeeds(Rig rig, RowChange change) {
        try {
            rig.service().write(SPACE, NAME, new RowWrite(Mode.UPSERT, List.of(change), List.of()));
            return true;
        } catch (QuernException e) {
            assertThat(e.kind()).isEqualTo(ErrorKind.CONFLICT);
            return false;
        }
    }

    private static long count(Rig rig, String id) {
        return (Long)
                Objects.requireNonNull(
                        rig.find(id).orElseThrow().attributes().get("count"), "count");
    }

    private static <T> List<T> run(List<Callable<T>> tasks)
            throws ExecutionException, InterruptedException {
        List<T> results = new ArrayList<>();
        try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<T> done : pool.invokeAll(tasks)) {
                results.add(done.get());
            }
        }
        return results;
    }

    /// Each thread counts in a field of its own of the same rows, by id, by filter and under the
    /// version that it read: a patch that was decided by a row of before would set others back.
    @ParameterizedTest
    @EnumSource
    void noPatchSetsAnotherBack(Rig.Stores stores)
            throws ExecutionException, IOException, InterruptedException {
        try (Rig rig = new Rig(directory, stores, Rig.checkpointEvery(150))) {
            rig.create(1, Metric.DOT);
            rig.upsert(counter("a", 0), counter("b", 0));
            List<Callable<Integer>> threads = new ArrayList<>();
            for (int t = 0; t < THREADS; t++) {
                int thread = t;
                threads.add(() -> patches(rig, thread));
            }
            run(threads);
            for (int crash = 0; crash < 2; crash++) {
                for (String id : List.of("a", "b")) {
                    Map<String, Object> counts = rig.find(id).orElseThrow().attributes();
                    for (int t = 0; t < THREADS; t++) {
                        assertThat(counts).containsEntry("t" + t, (long) INCREMENTS);
                    }
                }
                rig.crash();
            }
        }
    }

    private static int patches(Rig rig, int thread) {
        String field = "t" + thread;
        for (int i = 1; i <= INCREMENTS; i++) {
            Map<String, Object> count = Map.of(field, (long) i);
            for (String id : List.of("a", "b")) {
                Row patch = new Row(id, Map.of(), Map.of(), count);
                switch (i % 3) {
                    case 0 ->
                            rig.service()
                                    .write(SPACE, NAME, RowWrite.of(Mode.PATCH, List.of(patch)));
                    case 1 ->
                            rig.service()
                                    .patch(
                                            SPACE,
                                            NAME,
                                            new Filter.Exists("count"),
                                            RowChange.of(patch));
                    default -> {
                        while (!patched(rig, patch)) {
                            Thread.onSpinWait();
                        }
                    }
                }
            }
        }
        return INCREMENTS;
    }

    private static boolean patched(Rig rig, Row patch) {
        long version = rig.find(patch.id()).orElseThrow().version();
        RowChange change = RowChange.ifVersion(patch, version);
        return attempt(rig, new RowWrite(Mode.PATCH, List.of(change), List.of())).isPresent();
    }

    /// A change of a row.
    ///
    /// @param expected the version that it asked for, -1 for any; 0 for no row
    /// @param present whether there is a row after it
    private record Change(long token, long expected, boolean present) {}

    /// Plain writes and deletes beside conditional ones: in the order of the tokens, each
    /// conditional write has found what the change before it left.
    @Test
    void conditionalWritesFollowWhatTheyExpected() {
        Seed.run(random -> {
            try (Rig rig = new Rig(directory, Rig.Stores.FAKE, Rig.checkpointEvery(100))) {
                rig.create(1, Metric.DOT);
                List<Callable<List<Change>>> threads = new ArrayList<>();
                for (int t = 0; t < THREADS; t++) {
                    RandomGenerator own = Seed.random(random.nextLong());
                    threads.add(() -> changes(rig, own));
                }
                TreeMap<Long, Change> history = new TreeMap<>();
                run(threads).forEach(all -> all.forEach(one -> history.put(one.token(), one)));
                long version = 0;
                int conditional = 0;
                for (Change change : history.values()) {
                    if (change.expected() >= 0) {
                        assertThat(change.expected()).isEqualTo(version);
                        conditional++;
                    }
                    version = change.present() ? change.token() : 0;
                }
                assertThat(conditional).isPositive();
                assertThat(rig.find("a").map(Row::version).orElse(0L)).isEqualTo(version);
                rig.service().delete(SPACE, NAME);
            } catch (ExecutionException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    private static List<Change> changes(Rig rig, RandomGenerator random) {
        List<Change> done = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            Row row = counter("a", i);
            switch (random.nextInt(8)) {
                case 0 -> done.add(new Change(rig.upsert(row).token(), -1, true));
                case 1 -> {
                    long token = rig.write(WriteBatch.delete(List.of("a"))).token();
                    done.add(new Change(token, -1, false));
                }
                case 2 -> {
                    Filter all = new Filter.Exists("count");
                    done.add(new Change(rig.write(WriteBatch.deleteWhere(all)).token(), -1, false));
                }
                case 3 -> {
                    WriteResult result =
                            rig.service()
                                    .write(SPACE, NAME, RowWrite.of(Mode.INSERT, List.of(row)));
                    if (result.upserted() == 1) {
                        done.add(new Change(result.token(), 0, true));
                    }
                }
                case 4 -> {
                    long version = rig.find("a").map(Row::version).orElse(0L);
                    if (version > 0) {
                        attempt(rig, RowWrite.deleteIf("a", version))
                                .ifPresent(t -> done.add(new Change(t, version, false)));
                    }
                }
                default -> {
                    long version = rig.find("a").map(Row::version).orElse(0L);
                    RowChange change = RowChange.ifVersion(row, version);
                    attempt(rig, new RowWrite(Mode.UPSERT, List.of(change), List.of()))
                            .ifPresent(t -> done.add(new Change(t, version, true)));
                }
            }
        }
        return done;
    }

    private static Optional<Long> attempt(Rig rig, RowWrite write) {
        try {
            return Optional.of(rig.service().write(SPACE, NAME, write).token());
        } catch (QuernException e) {
            assertThat(e.kind()).isEqualTo(ErrorKind.CONFLICT);
            return Optional.empty();
        }
    }
}
