package dev.quern.storage;

import static dev.quern.storage.Chunks.OTHER;
import static dev.quern.storage.Chunks.SPACE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.storage.ChunkStore.PutChunk;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/// What every ChunkStore does.
abstract class ChunkStoreContract {
    /// A store that is empty at first; closed by whoever made it.
    abstract ChunkStore store();

    @Test
    void readsBackWhatWasPut() {
        byte[] bytes = Chunks.bytes(1, 100_000);
        PutChunk put = store().put(SPACE, MemorySegment.ofArray(bytes));

        assertThat(put.stored()).isTrue();
        assertThat(put.id()).isEqualTo(MemoryChunkStore.idOf(bytes));
        assertThat(store().read(SPACE, put.id())).isEqualTo(bytes);
        store().sync();
        assertThat(store().read(SPACE, put.id())).isEqualTo(bytes);
    }

    @Test
    void readsIntoTheCallersMemory() {
        for (byte[] bytes : List.of(Chunks.bytes(1, 100_003), Chunks.words(1, 100_003))) {
            ChunkId id = Chunks.put(store(), bytes);
            for (int synced = 0; synced < 2; synced++) {
                byte[] target = new byte[bytes.length + 9];
                MemorySegment rest = MemorySegment.ofArray(target).asSlice(4);
                assertThat(store().read(SPACE, id, rest)).isEqualTo(bytes.length);
                assertThat(Arrays.copyOfRange(target, 4, 4 + bytes.length)).isEqualTo(bytes);
                try (Arena arena = Arena.ofConfined()) {
                    MemorySegment own = arena.allocate(bytes.length);
                    assertThat(store().read(SPACE, id, own)).isEqualTo(bytes.length);
                    assertThat(own.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(bytes);
                }
                store().sync();
            }
            MemorySegment tooShort = MemorySegment.ofArray(new byte[bytes.length - 1]);
            assertThatThrownBy(() -> store().read(SPACE, id, tooShort))
                    .satisfies(e -> assertKind(e, ErrorKind.INVALID))
                    .hasMessageContaining(id.hex());
        }
    }

    @Test
    void takesNativeAndReadOnlySegments() {
        byte[] bytes = Chunks.bytes(2, 70_000);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment segment = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
            ChunkId id = store().put(SPACE, segment.asReadOnly()).id();
            assertThat(store().put(SPACE, MemorySegment.ofArray(bytes).asReadOnly()))
                    .isEqualTo(new PutChunk(id, false));
            assertThat(store().read(SPACE, id)).isEqualTo(bytes);
        }
    }

    @Test
    void takesArraysOfNumbers() {
        MemorySegment floats = MemorySegment.ofArray(new float[] {1, 2, 3});
        ChunkId id = store().put(SPACE, floats).id();

        assertThat(store().read(SPACE, id)).isEqualTo(floats.toArray(ValueLayout.JAVA_BYTE));
    }

    @Test
    void takesEverySizeUpToTheLargest() {
        for (int size : new int[] {1, 7, 8, 9, 4096, ChunkStore.MAX_CHUNK_BYTES}) {
            byte[] bytes = Chunks.bytes(size, size);
            assertThat(store().read(SPACE, Chunks.put(store(), bytes))).isEqualTo(bytes);
        }
        for (int size : new int[] {0, ChunkStore.MAX_CHUNK_BYTES + 1}) {
            assertThatThrownBy(() -> Chunks.put(store(), new byte[size]))
                    .satisfies(e -> assertKind(e, ErrorKind.INVALID))
                    .hasMessageContaining("got " + size);
        }
    }

    /// However a store packs them, chunks come back as they were.
    @Test
    void readsBackBytesOfEveryKind() {
        List<byte[]> chunks = List.of(new byte[1 << 20], Chunks.words(1, 300_001), Chunks.floats());
        for (int run = 0; run < 2; run++) {
            for (byte[] bytes : chunks) {
                ChunkId id = Chunks.put(store(), bytes);
                try (ChunkLease lease = store().open(SPACE, id)) {
                    assertThat(lease.bytes().isReadOnly()).isTrue();
                    assertThat(lease.bytes().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(bytes);
                }
            }
            store().sync();
        }
    }

    @Test
    void storesTheSameBytesOnce() {
        byte[] bytes = Chunks.bytes(3, 1000);
        PutChunk first = store().put(SPACE, MemorySegment.ofArray(bytes));
        long chunks = store().stats().chunks();
        PutChunk pending = store().put(SPACE, MemorySegment.ofArray(bytes));
        store().sync();
        PutChunk synced = store().put(SPACE, MemorySegment.ofArray(bytes));

        assertThat(pending).isEqualTo(new PutChunk(first.id(), false));
        assertThat(synced).isEqualTo(pending);
        assertThat(store().stats().chunks()).isEqualTo(chunks);
    }

    @Test
    void keepsSpacesApart() {
        byte[] bytes = Chunks.bytes(4, 1000);
        ChunkId id = Chunks.put(store(), bytes);
        store().sync();

        assertThat(store().contains(OTHER, id)).isFalse();
        assertThat(store().isDurable(OTHER, id)).isFalse();
        assertThatThrownBy(() -> store().read(OTHER, id))
                .satisfies(e -> assertKind(e, ErrorKind.NOT_FOUND))
                .hasMessageContaining(id.hex())
                .hasMessageContaining("other");
        assertThat(store().put(OTHER, MemorySegment.ofArray(bytes)).stored()).isTrue();
        assertThat(store().read(OTHER, id)).isEqualTo(bytes);
    }

    @Test
    void isDurableOnlyAfterSync() {
        ChunkId id = Chunks.put(store(), Chunks.bytes(5, 10));

        assertThat(store().contains(SPACE, id)).isTrue();
        assertThat(store().isDurable(SPACE, id)).isFalse();
        store().sync();
        assertThat(store().isDurable(SPACE, id)).isTrue();
    }

    @Test
    void knowsNothingOfOtherChunks() {
        ChunkId id = MemoryChunkStore.idOf(Chunks.text("never put"));

        assertThat(store().contains(SPACE, id)).isFalse();
        assertThat(store().isDurable(SPACE, id)).isFalse();
        assertThatThrownBy(() -> store().read(SPACE, id))
                .satisfies(e -> assertKind(e, ErrorKind.NOT_FOUND));
    }

    @Test
    void leaseIsReadOnlyAndEndsWithClose() {
        ChunkId id = Chunks.put(store(), Chunks.bytes(6, 100));
        ChunkLease kept;
        try (ChunkLease lease = store().open(SPACE, id)) {
            MemorySegment bytes = lease.bytes();
            assertThat(bytes.byteSize()).isEqualTo(100);
            assertThat(bytes.isReadOnly()).isTrue();
            kept = lease;
        }
        kept.close();
        assertThatThrownBy(kept::bytes).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void concurrentPutsOfOneChunkStoreItOnce() throws ExecutionException, InterruptedException {
        byte[] bytes = Chunks.bytes(7, 300_000);
        int threads = 8;
        try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<PutChunk>> puts = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                puts.add(() -> {
                    PutChunk put = store().put(SPACE, MemorySegment.ofArray(bytes));
                    store().sync();
                    assertThat(store().isDurable(SPACE, put.id())).isTrue();
                    return put;
                });
            }
            int stored = 0;
            for (Future<PutChunk> put : pool.invokeAll(puts)) {
                stored += put.get().stored() ? 1 : 0;
            }
            assertThat(stored).isEqualTo(1);
        }
    }

    @Test
    void refusesUseAfterClose() {
        ChunkId id = Chunks.put(store(), Chunks.bytes(8, 10));
        store().close();

        assertThatThrownBy(() -> store().read(SPACE, id)).isInstanceOf(QuernException.class);
        assertThatThrownBy(() -> Chunks.put(store(), Chunks.bytes(9, 10)))
                .isInstanceOf(QuernException.class);
    }

    static void assertKind(Throwable error, ErrorKind kind) {
        assertThat(error).isInstanceOf(QuernException.class);
        assertThat(((QuernException) error).kind()).isEqualTo(kind);
    }
}
