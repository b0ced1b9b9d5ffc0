package dev.quern.storage;

import static dev.quern.storage.ChunkStoreContract.assertKind;
import static dev.quern.storage.Chunks.SPACE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FactLogTest {
    private static final FactLogConfig SMALL = new FactLogConfig(2048, 8192, 1024);
    private final FaultyDisk disk = new FaultyDisk();
    private final Random random = new Random(1);
    @TempDir Path directory;

    @Test
    void readsBackWhatWasAppended() {
        try (FactLog log = open(LogPosition.START)) {
            assertThat(log.firstIndex()).isEqualTo(1);
            append(log, 2);
            append(log, 1);
            assertThat(indexes(log, 1)).containsExactly(1L, 2L, 3L);
        }
        try (FactLog log = open(LogPosition.START)) {
            assertThat(log.lastIndex()).isEqualTo(3);
            append(log, 1);
            assertThat(indexes(log, 1)).containsExactly(1L, 2L, 3L, 4L);
            assertThat(indexes(log, 3)).containsExactly(3L, 4L);
        }
    }

    @Test
    void beginsAfterTheState() {
        try (FactLog log = open(hashAt(41))) {
            append(log, 1);
            assertThat(indexes(log, 42)).containsExactly(42L);
            assertThatThrownBy(() -> log.cursor(41).next())
                    .satisfies(e -> assertKind(e, ErrorKind.NOT_FOUND))
                    .hasMessageContaining("the first is 42");
        }
    }

    @Test
    void rollsAndTrims() throws IOException {
        try (FactLog log = open(LogPosition.START)) {
            while (log.lastIndex() < 200) {
                append(log, 3);
            }
            assertThat(files()).hasSizeGreaterThan(5);
            assertThat(indexes(log, 1)).hasSize((int) log.lastIndex());

            log.trim(20);
            assertThat(log.firstIndex()).isBetween(2L, 21L);
            log.trim(log.lastIndex());
            assertThat(files()).hasSize(4);
            assertThat(indexes(log, log.firstIndex())).hasSizeBetween(1, 100);
        }
        try (FactLog log = open(hashAt(200))) {
            assertThat(log.firstIndex()).isGreaterThan(20);
        }
    }

    /// A crash can leave any part of the last group, in any order of blocks.
    @Test
    void tornLastGroupIsCutAtAnyByte() throws IOException {
        long start;
        long end;
        try (FactLog log = open(LogPosition.START)) {
            append(log, 2);
            start = end();
            append(log, 3);
            end = end();
        }
        byte[] whole = Files.readAllBytes(files().getFirst());
        for (int at = (int) start; at < end; at += 5) {
            byte[] cut = whole.clone();
            Arrays.fill(cut, at, (int) end, (byte) 0);
            assertRecovers(cut, 2, 5);
            byte[] hole = whole.clone();
            hole[at] ^= 1;
            assertRecovers(hole, 2, 5);
        }
    }

    private void assertRecovers(byte[] bytes, long least, long most) throws IOException {
        for (Path file : files()) {
            Files.delete(file);
        }
        Files.write(LogSegment.file(directory, 1), bytes);
        try (FactLog log = open(LogPosition.START)) {
            assertThat(log.lastIndex()).isBetween(least, most);
            append(log, 2);
            assertThat(indexes(log, 1)).hasSize((int) log.lastIndex());
        }
        try (FactLog log = open(LogPosition.START)) {
            assertThat(log.lastIndex()).isBetween(least + 2, most + 2);
        }
    }

    @Test
    void damageBeforeALaterGroupIsCorrupt() throws IOException {
        long start;
        try (FactLog log = open(LogPosition.START)) {
            append(log, 2);
            start = end();
            append(log, 1);
        }
        Path file = files().getFirst();
        byte[] whole = Files.readAllBytes(file);
        for (int at = FactLogFormat.HEADER_BYTES; at < start; at += 3) {
            byte[] damaged = whole.clone();
            damaged[at] = (byte) ~damaged[at];
            Files.write(file, damaged);
            if (isPadding(whole, at)) {
                open(LogPosition.START).close();
            } else {
                assertThatThrownBy(() -> open(LogPosition.START))
                        .satisfies(e -> assertKind(e, ErrorKind.CORRUPT))
                        .hasMessageContaining(file + " at offset ");
            }
        }
        byte[] header = whole.clone();
        header[20] ^= 1;
        Files.write(file, header);
        assertThatThrownBy(() -> open(LogPosition.START))
                .satisfies(e -> assertKind(e, ErrorKind.CORRUPT))
                .hasMessageContaining(file + " at offset 0");
    }

    /// Up to 7 bytes after a transaction, which mean nothing.
    private static boolean isPadding(byte[] segment, int at) {
        int start = FactLogFormat.HEADER_BYTES;
        int length = txn().length;
        while (start + FactLogFormat.sizeBytes(length) <= at) {
            start += FactLogFormat.sizeBytes(length);
        }
        return at >= start + FactLogFormat.ENTRY_BYTES + length && segment[at] == 0;
    }

    @Test
    void segmentThatWasNeverUsedIsRemoved() throws IOException {
        try (FactLog log = open(LogPosition.START)) {
            append(log, 2);
        }
        for (byte[] unused : List.of(new byte[0], new byte[10], new byte[2048])) {
            Files.write(LogSegment.file(directory, 3), unused);
            try (FactLog log = open(LogPosition.START)) {
                assertThat(log.lastIndex()).isEqualTo(2);
                assertThat(files()).hasSize(1);
            }
        }
    }

    @Test
    void missingSegmentIsCorrupt() throws IOException {
        try (FactLog log = open(LogPosition.START)) {
            while (files().size() < 3) {
                append(log, 1);
            }
        }
        Files.delete(files().get(1));
        try (FactLog log = open(LogPosition.START)) {
            assertThatThrownBy(() -> indexes(log, 1))
                    .satisfies(e -> assertKind(e, ErrorKind.CORRUPT));
        }
        Files.delete(files().getFirst());
        assertThatThrownBy(() -> open(LogPosition.START))
                .satisfies(e -> assertKind(e, ErrorKind.CORRUPT))
                .hasMessageContaining("must begin at entry 1");
        assertThatThrownBy(() -> open(hashAt(10_000)))
                .satisfies(e -> assertKind(e, ErrorKind.CORRUPT))
                .hasMessageContaining("must go to entry 10000");
    }

    @Test
    void fullDiskAtTheMakingOfASegmentLosesNothing() throws IOException {
        try (FactLog log = open(LogPosition.START)) {
            append(log, 1);
            long before = log.lastIndex();
            for (int room = 0; room < 2048; room += 300) {
                disk.limitWritable(room);
                assertThatThrownBy(() -> log.reserve(1900))
                        .satisfies(e -> assertKind(e, ErrorKind.EXHAUSTED))
                        .hasMessageContaining("cannot begin a log segment");
                assertThat(files()).hasSize(1);
            }
            disk.limitWritable(Long.MAX_VALUE);
            append(log, 3);
            assertThat(log.lastIndex()).isEqualTo(before + 3);
            assertThat(indexes(log, 1)).hasSize((int) before + 3);
        }
    }

    /// Bytes of a group that failed half way must not be taken for part of a later one.
    @Test
    void failedWriteIsNeverMixedWithALaterOne() throws IOException {
        for (int room = 0; room < 3 * FactLogFormat.sizeBytes(txn().length); room += 5) {
            for (Path file : files()) {
                Files.delete(file);
            }
            try (FactLog log = open(LogPosition.START)) {
                append(log, 1);
                disk.limitWritable(room);
                assertThatThrownBy(() -> append(log, 3))
                        .satisfies(e -> assertKind(e, ErrorKind.EXHAUSTED));
                disk.limitWritable(Long.MAX_VALUE);
                append(log, 1);
                assertThat(indexes(log, 1)).containsExactly(1L, 2L);
            }
            try (FactLog log = open(LogPosition.START)) {
                assertThat(log.lastIndex()).isEqualTo(2);
                assertThat(indexes(log, 1)).containsExactly(1L, 2L);
            }
        }
    }

    @Test
    void failedFirstWriteOfASegmentGivesWayToTheNext() throws IOException {
        try (FactLog log = open(LogPosition.START)) {
            assertThat(log.reserve(100)).isTrue();
            disk.limitWritable(20);
            assertThatThrownBy(() -> append(log, 1))
                    .satisfies(e -> assertKind(e, ErrorKind.EXHAUSTED));
            disk.limitWritable(Long.MAX_VALUE);
            append(log, 1);
            assertThat(indexes(log, 1)).containsExactly(1L);
            assertThat(files()).hasSize(1);
        }
    }

    /// After a failed force no later one can be believed.
    @Test
    void failedForceStopsWritesUntilReopened() {
        try (FactLog log = open(LogPosition.START)) {
            append(log, 1);
            disk.failForces("Input/output error");
            assertThatThrownBy(() -> append(log, 1))
                    .satisfies(e -> assertKind(e, ErrorKind.UNAVAILABLE));
            disk.failForces(null);
            assertThatThrownBy(() -> append(log, 1))
                    .satisfies(e -> assertKind(e, ErrorKind.UNAVAILABLE))
                    .hasMessageContaining("opened again");
            assertThat(log.lastIndex()).isEqualTo(1);
        }
        try (FactLog log = open(LogPosition.START)) {
            append(log, 1);
        }
    }

    private FactLog open(LogPosition state) {
        return FactLog.open(disk, directory, SMALL, random, state, new DirectExecutor());
    }

    private static byte[] txn() {
        return TxnFormat.encode(Txn.in(SPACE).put(Key.of("key"), new byte[50]).build());
    }

    private static LogPosition hashAt(long index) {
        return new LogPosition(index, new StateHash(index, 1));
    }

    private static void append(FactLog log, int count) {
        List<LogEntry> group = new ArrayList<>();
        long first = log.lastIndex() + 1;
        for (long index = first; index < first + count; index++) {
            group.add(new LogEntry(index, first, hashAt(index).hash(), txn()));
        }
        log.reserve((long) count * FactLogFormat.sizeBytes(txn().length));
        log.append(group);
    }

    private static List<Long> indexes(FactLog log, long from) {
        List<Long> indexes = new ArrayList<>();
        LogCursor cursor = log.cursor(from);
        while (cursor.nextIndex() <= log.lastIndex()) {
            LogEntry entry = cursor.next().entry();
            assertThat(entry.after()).isEqualTo(hashAt(entry.index()).hash());
            indexes.add(entry.index());
        }
        return indexes;
    }

    /// After the last entry of the only segment.
    private long end() throws IOException {
        byte[] bytes = Files.readAllBytes(files().getLast());
        int at = bytes.length - 1;
        while (bytes[at] == 0) {
            at--;
        }
        int entry = FactLogFormat.sizeBytes(txn().length);
        return FactLogFormat.HEADER_BYTES
                + (long) Math.ceilDiv(at + 1 - FactLogFormat.HEADER_BYTES, entry) * entry;
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.toString().endsWith(LogSegment.SUFFIX))
                    .sorted()
                    .toList();
        }
    }
}
