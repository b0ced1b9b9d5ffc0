package dev.quern.storage;

import static dev.quern.storage.Chunks.SPACE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.quern.common.ByteSize;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CompactorTest {
    private static final int LENGTH = 4000;
    private static final ByteSize FAST = new ByteSize(0);

    @TempDir Path directory;
    private final FaultyDisk disk = new FaultyDisk();
    private StorageEngine engine;

    @BeforeEach
    @SuppressWarnings("MustBeClosedChecker") // closed after each test
    void open() {
        engine = Engines.open(directory, disk);
        engine.roots().register(new TestRoots(engine.facts()));
    }

    @AfterEach
    void close() {
        engine.close();
    }

    private void reopen() {
        close();
        open();
    }

    private List<ChunkId> put(int from, int to) {
        List<ChunkId> ids = new ArrayList<>();
        for (int i = from; i < to; i++) {
            ids.add(Chunks.put(engine.chunks(), Chunks.bytes(i, LENGTH)));
        }
        engine.chunks().sync();
        return ids;
    }

    /// Names every n-th chunk by a fact and removes the others.
    private List<ChunkId> keepEvery(int n, List<ChunkId> ids) {
        List<ChunkId> kept = new ArrayList<>();
        for (int i = 0; i < ids.size(); i += n) {
            ChunkId id = ids.get(i);
            kept.add(id);
            engine.facts()
                    .commit(
                            Txn.in(SPACE)
                                    .put(Key.of("file", id.hex()), TestRoots.bytes(id))
                                    .require(id)
                                    .build());
        }
        collect();
        return kept;
    }

    private void collect() {
        GcRequest now = GcRequest.defaults().withGrace(Duration.ZERO);
        engine.maintenance().gc(now);
        engine.maintenance().gc(now);
    }

    private CompactReport compact() {
        return engine.maintenance().compact(FAST);
    }

    private void assertReadable(List<ChunkId> ids) {
        for (ChunkId id : ids) {
            assertThat(MemoryChunkStore.idOf(engine.chunks().read(SPACE, id))).isEqualTo(id);
        }
    }

    @Test
    void packThatIsWrittenIsEndedOnceItIsMostlyDead() {
        List<ChunkId> kept = keepEvery(2, put(0, 9));
        assertThat(compact().packsRemoved()).isZero(); // less than half is dead

        kept.addAll(keepEvery(10, put(100, 105)));
        assertThat(compact().packsRemoved()).isEqualTo(1);
        assertThat(engine.chunks().stats().chunks()).isEqualTo(kept.size());
        for (ChunkId id : kept) {
            assertThat(engine.chunks().read(SPACE, id)).hasSize(LENGTH);
        }
        put(200, 201);
        assertThat(compact().packsRemoved()).isZero();
    }

    @Test
    void freesTheBytesOfDeadChunks() {
        List<ChunkId> kept = keepEvery(4, put(0, 120));
        StorageStats before = engine.maintenance().stats();
        CompactReport report = compact();

        assertThat(report.packsRemoved()).isGreaterThan(3);
        assertThat(report.bytesFreed()).isGreaterThan(before.storedBytes() / 2);
        assertThat(engine.maintenance().stats().storedBytes())
                .isEqualTo(before.storedBytes() - report.bytesFreed());
        assertReadable(kept);
        reopen();
        assertReadable(kept);
        assertThat(engine.chunks().stats().chunks()).isEqualTo(kept.size());
        compact(); // the pack that was written when it was closed
        assertThat(compact().packsRemoved()).isZero();
    }

    @Test
    void deletesPacksOfWhichNothingIsLeft() {
        put(0, 100);
        collect();
        CompactReport report = compact();
        assertThat(report.packsRemoved()).isGreaterThan(3);
        assertThat(report.chunksMoved()).isZero();
    }

    @Test
    void mergesTheSmallPacksThatOpeningsLeave() {
        List<ChunkId> ids = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            ids.addAll(put(i, i + 1));
            reopen();
        }
        assertThat(compact().packsRemoved()).isEqualTo(6);
        assertReadable(ids);
        reopen();
        assertThat(engine.chunks().stats().packs()).isEqualTo(1);
        assertReadable(ids);
    }

    @Test
    void anOpenLeaseOutlivesItsPack() {
        List<ChunkId> kept = keepEvery(4, put(0, 60));
        try (ChunkLease lease = engine.chunks().open(SPACE, kept.getFirst())) {
            compact();
            assertThat(lease.bytes().toArray(ValueLayout.JAVA_BYTE))
                    .isEqualTo(Chunks.bytes(0, LENGTH));
        }
    }

    @Test
    void aPackThatALeaseKeepsIsNotTakenForNew() {
        List<ChunkId> kept = keepEvery(4, put(0, 60));
        try (ChunkLease lease = engine.chunks().open(SPACE, kept.getFirst())) {
            compact();
            reopen(); // as after a kill: the file is still there
            assertThat(engine.chunks().stats().chunks()).isEqualTo(kept.size());
            compact();
            assertThat(engine.maintenance().stats().deadBytes()).isLessThan(10_000);
            assertThat(lease.bytes().byteSize()).isEqualTo(LENGTH);
        }
        assertReadable(kept);
    }

    private List<ChunkId> putRun(int seed, int count) {
        List<ChunkId> ids = new ArrayList<>();
        try (ChunkRun run = engine.chunks().beginRun(SPACE)) {
            for (int i = 0; i < count; i++) {
                ids.add(run.put(MemorySegment.ofArray(Chunks.bytes(seed + i, 100_000))).id());
            }
            run.finish();
        }
        engine.chunks().sync();
        return ids;
    }

    private List<Path> runs() throws IOException {
        List<Path> files = new ArrayList<>(disk.list(directory.resolve("chunks/packs"), ".run"));
        files.addAll(disk.list(directory.resolve("chunks/packs"), ".idx"));
        return files;
    }

    @Test
    void aDeadRunIsDeletedAndAHalfDeadOneCopied() throws IOException {
        List<ChunkId> whole = keepEvery(1, putRun(100, 20));
        putRun(200, 20);
        List<ChunkId> half = keepEvery(3, putRun(300, 20));
        assertThat(runs()).hasSize(6);
        CompactReport report = compact();

        assertThat(report.chunksMoved()).isEqualTo(half.size());
        assertThat(runs()).hasSize(2);
        assertThat(engine.chunks().locate(SPACE, half)).isEmpty();
        reopen();
        assertReadable(half);
        assertReadable(whole);
    }

    @Test
    void readersAreNeverInTheWay() throws InterruptedException, ExecutionException {
        List<ChunkId> kept = keepEvery(3, put(0, 90));
        AtomicBoolean done = new AtomicBoolean();
        try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Integer>> readers = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                Random random = new Random(t);
                readers.add(
                        pool.submit(() -> {
                            int reads = 0;
                            while (!done.get()) {
                                assertReadable(List.of(kept.get(random.nextInt(kept.size()))));
                                reads++;
                                LockSupport.parkNanos(1000);
                            }
                            return reads;
                        }));
            }
            for (int round = 0; round < 10; round++) {
                put(1000 + 20 * round, 1020 + 20 * round);
                collect();
                compact();
            }
            done.set(true);
            for (Future<Integer> reader : readers) {
                assertThat(reader.get()).isPositive();
            }
        }
        assertReadable(kept);
    }

    @Test
    void aDamagedRecordStaysWhereItIs() throws IOException {
        List<ChunkId> kept = keepEvery(4, put(0, 60));
        PackChunkStore store = (PackChunkStore) engine.chunks();
        ChunkId victim = kept.get(1);
        PackIndex.Location at = store.index().find(SPACE, victim).orElseThrow().location();
        Path file = Objects.requireNonNull(store.packs().find(at.packId())).file();
        long where = at.offset() + PackFormat.RECORD_BYTES + 100;
        byte[] right = Chunks.bytes(4, LENGTH);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[] {(byte) ~right[100]}), where);
        }
        CompactReport report = compact();

        assertThat(report.quarantined()).isEqualTo(1);
        assertThat(report.packsKept()).isEqualTo(1);
        assertThat(file).exists();
        assertThat(store.index().find(SPACE, victim).orElseThrow().quarantined()).isTrue();
        assertReadable(kept.stream().filter(id -> !id.equals(victim)).toList());

        Chunks.put(store, right);
        store.sync();
        assertReadable(kept);
        assertThat(compact().packsRemoved()).isPositive();
        assertThat(file).doesNotExist();
    }

    @Test
    void aFullDiskEndsItAndNothingIsLost() {
        List<ChunkId> kept = keepEvery(4, put(0, 120));
        disk.limitWritable(20_000);
        assertThat(catchThrowable(this::compact)).hasMessageContaining("No space left");
        disk.limitWritable(Long.MAX_VALUE);
        assertReadable(kept);
        reopen();
        assertReadable(kept);
        compact();
        assertReadable(kept);
        assertThat(engine.chunks().stats().chunks()).isEqualTo(kept.size());
    }

    @Test
    void aFailedForceEndsItAndNothingIsLost() {
        List<ChunkId> kept = keepEvery(4, put(0, 120));
        disk.failForces("Input/output error");
        assertThat(catchThrowable(this::compact)).isNotNull();
        disk.failForces(null);
        assertReadable(kept);
        reopen();
        assertReadable(kept);
        compact();
        assertReadable(kept);
    }
}
