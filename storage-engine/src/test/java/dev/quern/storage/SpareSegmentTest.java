package dev.quern.storage;

import static dev.quern.storage.Chunks.SPACE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.storage.SimDisk.Loss;
import dev.quern.storage.SimPlan.Call;
import dev.quern.storage.SimPlan.Fault;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.Test;

/// A log whose segments are written ahead: when they are taken, and that no crash around them loses
/// an entry.
final class SpareSegmentTest {
    private static final Path DIRECTORY = Path.of("/log");
    private static final Path SPARE = DIRECTORY.resolve(SpareSegment.NAME);
    private static final FactLogConfig SMALL = new FactLogConfig(2048, 1 << 20, 1024);
    private static final byte[] TXN =
            TxnFormat.encode(Txn.in(SPACE).put(Key.of("key"), new byte[50]).build());
    private static final int ENTRY_BYTES = FactLogFormat.sizeBytes(TXN.length);
    private final Random random = new Random(1);
    private final Deque<Runnable> tasks = new ArrayDeque<>();
    private final SimDisk disk = new SimDisk(random, _ -> false);

    private static FactLog open(SimDisk disk, Random random, Executor background) {
        return FactLog.open(disk, DIRECTORY, SMALL, random, LogPosition.START, background);
    }

    private static void append(FactLog log, int count) {
        List<LogEntry> group = new ArrayList<>();
        long first = log.lastIndex() + 1;
        for (long index = first; index < first + count; index++) {
            group.add(new LogEntry(index, first, new StateHash(index, 1), TXN));
        }
        log.reserve((long) count * ENTRY_BYTES);
        log.append(group);
    }

    /// Appends until the newest segment is another one.
    private static void roll(SimDisk disk, FactLog log) {
        long before = segments(disk);
        while (segments(disk) == before) {
            append(log, 1);
        }
    }

    private static long segments(SimDisk disk) {
        return disk.contents().keySet().stream()
                .filter(file -> file.toString().endsWith(LogSegment.SUFFIX))
                .count();
    }

    private long creations;

    private void countCreations() {
        disk.plan((_, call, _) -> {
            creations += call == Call.CREATE ? 1 : 0;
            return Fault.NONE;
        });
    }

    @Test
    void isMadeOnceASegmentIsHalfFullAndTakenByTheNext() {
        try (FactLog log = open(disk, random, tasks::add)) {
            append(log, 1);
            assertThat(tasks).isEmpty();
            while (tasks.isEmpty()) {
                append(log, 1);
            }
            tasks.remove().run();
            assertThat(disk.contents()).containsKey(SPARE);
            countCreations();
            roll(disk, log);
            assertThat(creations).isZero();
            assertThat(disk.contents()).doesNotContainKey(SPARE);
            append(log, 1);
        }
        try (FactLog log = open(disk.powerLoss(Loss.EVERYTHING), random, tasks::add)) {
            assertThat(log.cursor(1).next().entry().index()).isEqualTo(1);
        }
    }

    @Test
    void oneThatComesTooLateIsNotWaitedFor() {
        try (FactLog log = open(disk, random, tasks::add)) {
            append(log, 1);
            countCreations();
            roll(disk, log);
            assertThat(creations).isEqualTo(1);
            tasks.remove().run();
            roll(disk, log);
            assertThat(creations).isEqualTo(2);
        }
    }

    @Test
    void leavesNothingBehind() {
        try (FactLog log = open(disk, random, tasks::add)) {
            append(log, 1);
            roll(disk, log);
            tasks.remove().run();
            assertThat(disk.contents()).containsKey(SPARE);
            roll(disk, log);
            while (tasks.isEmpty()) {
                append(log, 1);
            }
        }
        // Made after the log was closed.
        tasks.remove().run();
        assertThat(disk.contents()).doesNotContainKey(SPARE);
        assertThat(disk.held()).isZero();

        try (FactLog log = open(disk, random, tasks::add)) {
            append(log, 1);
            while (tasks.isEmpty()) {
                append(log, 1);
            }
            tasks.remove().run();
            SimDisk crashed = disk.kill();
            assertThat(crashed.contents()).containsKey(SPARE);
            open(crashed, random, tasks::add).close();
            assertThat(crashed.contents()).doesNotContainKey(SPARE);
        }
    }

    @Test
    void nothingIsLostWhereverItFails() {
        long first = Long.getLong("quern.test.seed", 0);
        int seeds = System.getProperty("quern.test.seed") == null ? 1000 : 1;
        for (long seed = first; seed < first + seeds; seed++) {
            try {
                run(new Random(seed));
            } catch (AssertionError | QuernException e) {
                throw new AssertionError("rerun with -Dquern.test.seed=" + seed, e);
            }
        }
    }

    private static void run(Random any) {
        SimDisk sim = new SimDisk(any, _ -> false);
        long acked = 0;
        long sent = 0;
        for (int opening = 0; opening < 4; opening++) {
            sim.plan(opening == 3 ? SimPlan.GOOD : SimPlan.failing(1 + any.nextInt(120), any));
            try (FactLog log = open(sim, any, new DirectExecutor())) {
                assertThat(log.lastIndex()).isBetween(acked, sent);
                acked = log.lastIndex();
                requireEntries(log);
                for (int groups = 0; groups < 30; groups++) {
                    int count = 1 + any.nextInt(4);
                    sent = log.lastIndex() + count;
                    append(log, count);
                    acked = sent;
                }
            } catch (QuernException e) {
                assertThat(e.kind()).isIn(ErrorKind.UNAVAILABLE, ErrorKind.EXHAUSTED);
            }
            Loss[] losses = Loss.values();
            sim =
                    !sim.isOff() && any.nextBoolean()
                            ? sim.kill()
                            : sim.powerLoss(losses[any.nextInt(losses.length)]);
        }
    }

    private static void requireEntries(FactLog log) {
        if (log.lastIndex() == 0) {
            return;
        }
        LogCursor cursor = log.cursor(1);
        while (cursor.nextIndex() <= log.lastIndex()) {
            LogEntry entry = cursor.next().entry();
            assertThat(entry.after()).isEqualTo(new StateHash(entry.index(), 1));
        }
    }
}
