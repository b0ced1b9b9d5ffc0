package dev.quern.storage;

import static dev.quern.storage.ChunkStoreContract.assertKind;
import static dev.quern.storage.Chunks.SPACE;
import static dev.quern.storage.Chunks.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rocksdb.LRUCache;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;

/// The state is brought back from the log, whatever the table lost.
final class FactRecoveryTest {
    private static final Key A = Key.of("a");
    private final FaultyDisk disk = new FaultyDisk();
    private final LossyFactTable table = new LossyFactTable();
    private final MemoryChunkStore chunks = new MemoryChunkStore();
    @TempDir Path directory;

    private EmbeddedMetaLog open(FactTable state) {
        return EmbeddedMetaLog.open(
                disk,
                directory,
                Engines.config(directory),
                chunks,
                state,
                new Random(7),
                new DirectExecutor());
    }

    /// Random transactions, crashes that take the table back to any earlier state, and replay: the
    /// hash is that of a log that never crashed.
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void replayFromAnyPrefixLeadsToTheSameHash(long seed) {
        Random random = new Random(seed);
        try (MemoryMetaLog model = new MemoryMetaLog(chunks)) {
            for (int crash = 0; crash < 12; crash++) {
                try (EmbeddedMetaLog log = open(table)) {
                    assertThat(log.position()).as("seed %d", seed).isEqualTo(model.position());
                    int flushAt = random.nextInt(80);
                    for (int i = 0; i < 60; i++) {
                        Txn txn = RandomTxns.next(random, model.appliedIndex());
                        assertThat(outcome(log, txn)).isEqualTo(outcome(model, txn));
                        if (i == flushAt) {
                            table.flush();
                        }
                    }
                    table.failWrites(QuernException.internal("no flush at close", null));
                }
                table.failWrites(null);
                table.crash();
            }
        }
        try (EmbeddedMetaLog log = open(new LossyFactTable());
                EmbeddedMetaLog whole = open(table)) {
            assertThat(log.position()).as("from nothing").isEqualTo(whole.position());
        }
    }

    private static Object outcome(MetaLog log, Txn txn) {
        try {
            return log.commit(txn);
        } catch (QuernException e) {
            return e.kind();
        }
    }

    @Test
    void stateThatIsNotWhatTheLogLedToIsCorrupt() {
        try (EmbeddedMetaLog log = open(table)) {
            log.commit(put("one"));
        }
        try (EmbeddedMetaLog log = open(table)) {
            log.commit(put("two")); // begins a segment, so the state is flushed
            log.commit(put("three"));
            table.failWrites(QuernException.internal("no flush at close", null));
        }
        table.failWrites(null);
        table.crash();
        table.damage(FactFormat.key(SPACE, A), FactFormat.value(1, text("forged")));
        assertThatThrownBy(() -> open(table))
                .satisfies(e -> assertKind(e, ErrorKind.CORRUPT))
                .hasMessageContaining("replay of entry 3")
                .hasMessageContaining("log/0000000000000002.log at offset ")
                .hasMessageContaining("state hash");
    }

    @Test
    void logThatEndsBeforeTheStateIsCorrupt() throws IOException {
        try (EmbeddedMetaLog log = open(table)) {
            for (int i = 0; i < 5; i++) {
                log.commit(put("one"));
            }
        }
        Path segment = segments().getFirst();
        byte[] bytes = Files.readAllBytes(segment);
        int last = 64 + 4 * FactLogFormat.sizeBytes(TxnFormat.encode(put("one")).length);
        bytes[last + 70] ^= 1;
        Files.write(segment, bytes);
        assertThatThrownBy(() -> open(table))
                .satisfies(e -> assertKind(e, ErrorKind.CORRUPT))
                .hasMessageContaining(segment + " must go to entry 5");
    }

    @Test
    void tableThatCannotTakeAGroupIsBroughtUpToDate() {
        try (EmbeddedMetaLog log = open(table)) {
            log.commit(put("one"));
            table.failWrites(QuernException.internal("write failed", null));
            table.failReopening(QuernException.exhausted("no room", 10));

            assertThatThrownBy(() -> log.commit(put("two")))
                    .satisfies(e -> assertKind(e, ErrorKind.UNAVAILABLE));
            assertThatThrownBy(() -> log.commit(put("three"))).isInstanceOf(QuernException.class);
            assertThat(log.appliedIndex()).isEqualTo(1);
            table.failWrites(null);
            table.failReopening(null);
            long next = commitSoon(log, put("four"));
            assertThat(next).isEqualTo(3); // two was in the log, three was not
            assertThat(log.find(SPACE, A).orElseThrow().value()).isEqualTo(text("four"));
        }
    }

    private static long commitSoon(MetaLog log, Txn txn) {
        long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (true) {
            try {
                return log.commit(txn);
            } catch (QuernException e) {
                assertThat(System.nanoTime()).isLessThan(deadline);
                LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
            }
        }
    }

    @Test
    void fullDiskAtTheMakingOfASegmentIsExhausted() {
        try (EmbeddedMetaLog log = open(table)) {
            disk.limitWritable(1000);
            assertThatThrownBy(() -> log.commit(put("one")))
                    .satisfies(e -> assertKind(e, ErrorKind.EXHAUSTED));
            disk.limitWritable(Long.MAX_VALUE);
            assertThat(log.commit(put("two"))).isEqualTo(1);
        }
    }

    @Test
    void failedForceLeavesReadsAndStopsWrites() {
        try (EmbeddedMetaLog log = open(table)) {
            log.commit(put("one"));
            disk.failForces("Input/output error");
            assertThatThrownBy(() -> log.commit(put("two")))
                    .satisfies(e -> assertKind(e, ErrorKind.UNAVAILABLE));
            disk.failForces(null);
            assertThatThrownBy(() -> log.commit(put("three")))
                    .satisfies(e -> assertKind(e, ErrorKind.UNAVAILABLE));
            assertThat(log.find(SPACE, A).orElseThrow().value()).isEqualTo(text("one"));
        }
        try (EmbeddedMetaLog log = open(table)) {
            log.commit(put("four"));
        }
    }

    @Test
    void oldSegmentsGoOnceTheStateIsFlushed() throws IOException {
        try (EmbeddedMetaLog log = open(table)) {
            for (int i = 0; i < 100; i++) {
                log.commit(Txn.in(SPACE).put(A, new byte[60 << 10]).build());
            }
        }
        long kept = 0;
        for (Path segment : segments()) {
            kept += Files.size(segment);
        }
        assertThat(kept).isBetween(1L << 19, (1L << 20) + (1 << 18));
        table.crash();
        try (EmbeddedMetaLog log = open(table)) {
            assertThat(log.appliedIndex()).isEqualTo(100);
        }
    }

    /// What version 1 wrote: facts and their index, in a RocksDB that was its own log.
    @Test
    void takesOverVersionOne() throws RocksDBException, IOException {
        RocksDB.loadLibrary();
        disk.createDirectories(directory);
        try (LRUCache cache = new LRUCache(1 << 20);
                Rocks rocks = new Rocks(disk, directory, cache);
                WriteBatch batch = new WriteBatch()) {
            batch.put(text("\0version"), new byte[] {0, 0, 0, 1});
            batch.put(text("\0applied"), ByteBuffer.allocate(8).putLong(12).array());
            batch.put(
                    text("\1default\0a\0"),
                    ByteBuffer.allocate(11).putLong(9).put(text("old")).array());
            rocks.write(batch, true);
        }
        LogPosition taken;
        try (LRUCache cache = new LRUCache(1 << 20);
                EmbeddedMetaLog log = open(RocksFactTable.open(disk, directory, cache))) {
            assertThat(log.find(SPACE, A).orElseThrow().value()).isEqualTo(text("old"));
            assertThat(log.find(SPACE, A).orElseThrow().version()).isEqualTo(9);
            assertThat(log.appliedIndex()).isEqualTo(12);
            assertThat(log.commit(put("new"))).isEqualTo(13);
            taken = log.position();
        }
        try (LRUCache cache = new LRUCache(1 << 20);
                EmbeddedMetaLog log = open(RocksFactTable.open(disk, directory, cache))) {
            assertThat(log.position()).isEqualTo(taken);
            assertThat(log.find(SPACE, A).orElseThrow().value()).isEqualTo(text("new"));
        }
    }

    @Test
    void refusesALaterVersionOfTheTable() {
        table.damage(FactFormat.VERSION_KEY, new byte[] {0, 0, 0, 3});
        assertThatThrownBy(() -> open(table))
                .satisfies(e -> assertKind(e, ErrorKind.INVALID))
                .hasMessageContaining("version 3");
    }

    private List<Path> segments() throws IOException {
        try (Stream<Path> files = Files.list(directory.resolve("log"))) {
            return files.sorted().toList();
        }
    }

    private static Txn put(String value) {
        return Txn.in(SPACE).put(A, text(value)).build();
    }
}
