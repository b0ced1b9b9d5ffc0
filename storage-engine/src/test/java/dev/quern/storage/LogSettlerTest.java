package dev.quern.storage;

import static dev.quern.storage.ChunkStoreContract.assertKind;
import static dev.quern.storage.Chunks.SPACE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.storage.SimDisk.Loss;
import dev.quern.storage.SimPlan.Call;
import dev.quern.storage.SimPlan.Fault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The copy of the last group is written in its place where that is torn, and nowhere else.
final class LogSettlerTest {
    private static final FactLogConfig SMALL = new FactLogConfig(2048, 8192, 1024);
    private static final long SALT = 99;
    private static final int ENTRY_BYTES = FactLogFormat.sizeBytes(txn().length);

    /// Of the last group, which has the entries 3 to 5.
    private static final int LAST = FactLogFormat.HEADER_BYTES + 2 * ENTRY_BYTES;

    private final LocalDisk disk = new LocalDisk();
    private final Random random = new Random(1);
    private final byte[] whole =
            FactLogFormatTest.segment(
                    new FactLogFormat.Header(1, SALT, StateHash.EMPTY),
                    List.of(entry(1, 1), entry(2, 2), entry(3, 3), entry(4, 3), entry(5, 3)),
                    2048);
    @TempDir Path directory;
    private Path segment;
    private Path copy;

    @BeforeEach
    void paths() {
        segment = LogSegment.file(directory, 1);
        copy = directory.resolve(LogSettler.COPY);
    }

    private static byte[] txn() {
        byte[] any = TxnFormat.encode(Txn.in(SPACE).put(Key.of("key"), new byte[50]).build());
        int padding = -any.length & 7; // entries without bytes that mean nothing
        return TxnFormat.encode(Txn.in(SPACE).put(Key.of("key"), new byte[50 + padding]).build());
    }

    private static LogEntry entry(long index, long group) {
        return new LogEntry(index, group, new StateHash(index, 1), txn());
    }

    private GroupCopy copy(int from, long firstIndex, int entries) {
        byte[] group = Arrays.copyOfRange(whole, from, from + entries * ENTRY_BYTES);
        return new GroupCopy(1, SALT, from, firstIndex, group);
    }

    private void put(byte[] log, byte[] copyBytes) throws IOException {
        Files.write(segment, log);
        Files.write(copy, copyBytes);
    }

    /// The last index after opening, which leaves no copy.
    private long open(LogPosition state) {
        try (FactLog log =
                FactLog.open(disk, directory, SMALL, random, state, new DirectExecutor())) {
            assertThat(copy).doesNotExist();
            return log.lastIndex();
        }
    }

    @Test
    void restoresWhatWasTornAnywhere() throws IOException {
        byte[] bytes = GroupCopyFormat.encode(copy(LAST, 3, 3));
        for (int at = LAST; at < LAST + 3 * ENTRY_BYTES; at += 7) {
            byte[] torn = whole.clone();
            torn[at] ^= 4;
            put(torn, bytes);
            assertThat(open(LogPosition.START)).as("byte %d", at).isEqualTo(5);
            assertThat(segment).hasBinaryContent(Arrays.copyOf(whole, LAST + 3 * ENTRY_BYTES));

            Arrays.fill(torn, at, torn.length, (byte) 0);
            put(torn, bytes);
            assertThat(open(LogPosition.START)).as("from byte %d on", at).isEqualTo(5);
        }
    }

    @Test
    void aTornCopyIsRemoved() throws IOException {
        byte[] bytes = GroupCopyFormat.encode(copy(LAST, 3, 3));
        for (int at = 0; at < bytes.length; at += 3) {
            put(whole, Arrays.copyOf(bytes, at));
            assertThat(open(LogPosition.START)).isEqualTo(5);
        }
        byte[] cut = Arrays.copyOf(whole, LAST);
        bytes[80] ^= 1;
        put(cut, bytes);
        assertThat(open(LogPosition.START)).isEqualTo(2);
    }

    /// A crash may take its removal back when more has been written since.
    @Test
    void anOldCopyOverwritesNothing() throws IOException {
        put(whole, GroupCopyFormat.encode(copy(LAST - ENTRY_BYTES, 2, 1)));
        assertThat(open(LogPosition.START)).as("groups after it").isEqualTo(5);

        GroupCopy forged = copy(LAST, 3, 3);
        Arrays.fill(forged.bytes(), (byte) 7);
        put(whole, GroupCopyFormat.encode(forged));
        assertThat(open(LogPosition.START)).as("another group there").isEqualTo(5);

        try (FactLog log =
                FactLog.open(
                        disk, directory, SMALL, random, LogPosition.START, new DirectExecutor())) {
            append(log, 1);
        }
        byte[] cut = Arrays.copyOf(whole, LAST + ENTRY_BYTES);
        put(cut, GroupCopyFormat.encode(copy(LAST, 3, 3)));
        assertThat(open(LogPosition.START)).as("a newer segment").isEqualTo(6);
        assertThat(segment).hasBinaryContent(cut);
    }

    @Test
    void aCopyOfAnotherPlaceIsNotTaken() throws IOException {
        GroupCopy good = copy(LAST, 3, 3);
        byte[] cut = Arrays.copyOf(whole, LAST);
        for (GroupCopy other :
                List.of(
                        new GroupCopy(2, SALT, LAST, 3, good.bytes()),
                        new GroupCopy(1, SALT + 1, LAST, 3, good.bytes()),
                        new GroupCopy(1, SALT, LAST + 8, 3, good.bytes()),
                        new GroupCopy(1, SALT, LAST, 4, good.bytes()))) {
            put(cut, GroupCopyFormat.encode(other));
            assertThat(open(LogPosition.START)).as("%s", other).isEqualTo(2);
            assertThat(segment).hasBinaryContent(cut);
        }
        put(cut, GroupCopyFormat.encode(good));
        assertThat(open(LogPosition.START)).isEqualTo(5);
    }

    /// What a copy cannot mend is said, and the copy stays.
    @Test
    void damageBeforeItsGroupStaysCorrupt() throws IOException {
        byte[] damaged = whole.clone();
        damaged[LAST - 20] ^= 1;
        put(damaged, GroupCopyFormat.encode(copy(LAST, 3, 3)));
        assertThatThrownBy(() -> open(LogPosition.START))
                .satisfies(e -> assertKind(e, ErrorKind.CORRUPT))
                .hasMessageContaining(segment + " at offset " + (LAST - ENTRY_BYTES));

        damaged[LAST - 20] ^= 1;
        damaged[LAST + 20] ^= 1;
        byte[] old = GroupCopyFormat.encode(copy(LAST - ENTRY_BYTES, 2, 1));
        damaged[LAST - 20] ^= 1;
        put(damaged, old);
        assertThatThrownBy(() -> open(LogPosition.START))
                .as("its own group is torn, but later ones follow")
                .satisfies(e -> assertKind(e, ErrorKind.CORRUPT));
        assertThat(copy).hasBinaryContent(old);
    }

    @Test
    void aCopyOfALaterVersionIsRefused() throws IOException {
        byte[] later = GroupCopyFormat.encode(copy(LAST, 3, 3));
        later[8] = 2;
        byte[] bytes = LogImages.fixCopyChecksums(later);
        put(whole, bytes);
        assertThatThrownBy(() -> open(LogPosition.START))
                .satisfies(e -> assertKind(e, ErrorKind.INVALID))
                .hasMessageContaining(copy + " has version 2");
        assertThat(copy).hasBinaryContent(bytes);
    }

    /// Openings end at any call, one after the other, with the machine or without it; in between
    /// more is appended, which may fail, too. What was acknowledged or seen stays.
    @Test
    void nothingIsLostWhereverOpeningsEnd() {
        long first = Long.getLong("quern.test.seed", 0);
        int seeds = System.getProperty("quern.test.seed") == null ? 3000 : 1;
        for (long seed = first; seed < first + seeds; seed++) {
            try {
                openings(new Random(seed));
            } catch (AssertionError | QuernException e) {
                throw new AssertionError("rerun with -Dquern.test.seed=" + seed, e);
            }
        }
    }

    private void openings(Random any) {
        SimDisk sim = new SimDisk(any, _ -> false);
        long least = 0;
        long most = 0;
        for (int opening = 0; opening < 7; opening++) {
            long left = opening == 0 || opening == 6 ? -1 : 1 + any.nextInt(14);
            sim.plan(SimPlan.failing(left, any));
            LogPosition state = position(any.nextBoolean() ? 0 : any.nextLong(least + 1));
            try (FactLog log =
                    FactLog.open(sim, directory, SMALL, any, state, new DirectExecutor())) {
                assertThat(log.lastIndex()).isBetween(least, most);
                least = log.lastIndex();
                most = least;
                requireEntries(log);
                for (int groups = any.nextInt(opening == 0 ? 4 : 2); groups >= 0; groups--) {
                    int count = 1 + any.nextInt(3);
                    most += count;
                    append(log, count);
                    least = most;
                }
            } catch (QuernException e) {
                assertThat(e.kind()).isIn(ErrorKind.UNAVAILABLE, ErrorKind.EXHAUSTED);
            }
            Loss loss = any.nextBoolean() ? Loss.RANDOM : Loss.PREFIX;
            sim = !sim.isOff() && any.nextBoolean() ? sim.kill() : sim.powerLoss(loss);
        }
    }

    private static LogPosition position(long index) {
        return index == 0 ? LogPosition.START : entry(index, index).position();
    }

    private static void append(FactLog log, int count) {
        List<LogEntry> group = new ArrayList<>();
        long first = log.lastIndex() + 1;
        for (long index = first; index < first + count; index++) {
            group.add(entry(index, first));
        }
        log.reserve((long) count * ENTRY_BYTES);
        log.append(group);
    }

    private static void requireEntries(FactLog log) {
        LogCursor cursor = log.cursor(1);
        while (cursor.nextIndex() <= log.lastIndex()) {
            LogEntry entry = cursor.next().entry();
            assertThat(entry.position()).isEqualTo(position(entry.index()));
        }
    }

    /// The group is written again where the state does not have it, and only then.
    @Test
    void aLogThatWasClosedCleanlyIsOnlyCut() {
        SimDisk sim = new SimDisk(new Random(1), _ -> false);
        LogPosition last;
        try (FactLog log =
                FactLog.open(
                        sim, directory, SMALL, random, LogPosition.START, new DirectExecutor())) {
            append(log, 1);
            last = position(1);
        }
        SimDisk crashed = sim.powerLoss(Loss.NOTHING);
        assertThat(calls(crashed, LogPosition.START))
                .containsSubsequence(Call.CREATE, Call.WRITE, Call.FORCE, Call.SYNC_NAMES)
                .containsSubsequence(Call.WRITE, Call.RESIZE, Call.FORCE, Call.DELETE);

        SimDisk closed = sim.powerLoss(Loss.NOTHING);
        assertThat(calls(closed, last)).containsExactly(Call.RESIZE, Call.FORCE);
        assertThat(calls(closed, last)).isEmpty();
    }

    /// What an opening changes on the disk.
    private List<Call> calls(SimDisk opened, LogPosition state) {
        List<Call> calls = new ArrayList<>();
        opened.plan((_, call, _) -> {
            if (call.changes() && call != Call.DIRECTORIES) {
                calls.add(call);
            }
            return Fault.NONE;
        });
        FactLog.open(opened, directory, SMALL, random, state, new DirectExecutor()).close();
        return calls;
    }
}
