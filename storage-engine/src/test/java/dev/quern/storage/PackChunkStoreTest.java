package dev.quern.storage;

import static dev.quern.storage.Chunks.SPACE;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PackChunkStoreTest extends ChunkStoreContract {
    @TempDir Path directory;
    private StorageEngine engine;

    @BeforeEach
    @SuppressWarnings("MustBeClosedChecker") // closed after each test
    void open() {
        engine = Engines.open(directory);
    }

    @AfterEach
    void close() {
        engine.close();
    }

    @Override
    ChunkStore store() {
        return engine.chunks();
    }

    @Test
    void keepsEverythingOverReopening() {
        List<ChunkId> ids = putMany(0, 100);
        close();
        open();
        List<ChunkId> more = putMany(100, 150);
        close();
        open();

        ids.addAll(more);
        for (int i = 0; i < ids.size(); i++) {
            assertThat(store().read(SPACE, ids.get(i))).isEqualTo(chunk(i));
            assertThat(store().isDurable(SPACE, ids.get(i))).isTrue();
        }
        assertThat(store().stats().chunks()).isEqualTo(150);
        assertThat(store().stats().packs()).isGreaterThan(5);
        assertThat(store().put(SPACE, MemorySegment.ofArray(chunk(3))).stored()).isFalse();
    }

    @Test
    void bytesThatCompressTakeLessUnlessTurnedOff() {
        byte[] words = Chunks.words(1, 500_000);
        ChunkId id = Chunks.put(store(), words);
        assertThat(store().stats().storedBytes()).isLessThan(words.length / 2);
        close();
        StorageConfig plain = Engines.config(directory).withCompression(false);
        try (StorageEngine off = StorageEngine.open(plain)) {
            assertThat(off.chunks().read(SPACE, id)).isEqualTo(words);
            Chunks.put(off.chunks(), Chunks.words(2, 500_000));
            assertThat(off.chunks().stats().storedBytes()).isGreaterThan(words.length);
        }
        open();
    }

    @Test
    void leaseOutlivesTheStore() {
        ChunkId id = Chunks.put(store(), chunk(1));
        try (ChunkLease lease = store().open(SPACE, id)) {
            close();
            assertThat(lease.bytes().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(chunk(1));
        }
        open();
    }

    @Test
    void manyWritersAndReadersAcrossPacks() throws ExecutionException, InterruptedException {
        int threads = 6;
        int each = 40;
        try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<Integer>> writers = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                int from = i * each / 2; // half of each writer's chunks are its neighbour's too
                writers.add(() -> {
                    for (ChunkId id : putMany(from, from + each)) {
                        assertThat(store().isDurable(SPACE, id)).isTrue();
                    }
                    return from;
                });
            }
            for (Future<Integer> done : pool.invokeAll(writers)) {
                done.get();
            }
        }
        int distinct = (threads + 1) * each / 2;
        assertThat(store().stats().chunks()).isEqualTo(distinct);
        close();
        open();
        for (int i = 0; i < distinct; i++) {
            assertThat(store().read(SPACE, MemoryChunkStore.idOf(chunk(i)))).isEqualTo(chunk(i));
        }
    }

    /// Puts, syncs and reads back.
    private List<ChunkId> putMany(int from, int to) {
        List<ChunkId> ids = new ArrayList<>();
        for (int i = from; i < to; i++) {
            ids.add(Chunks.put(store(), chunk(i)));
        }
        store().sync();
        for (int i = from; i < to; i++) {
            assertThat(store().read(SPACE, ids.get(i - from))).isEqualTo(chunk(i));
        }
        return ids;
    }

    private static byte[] chunk(int i) {
        return Chunks.bytes(i, 1 + (i * 37 % 9000));
    }
}
