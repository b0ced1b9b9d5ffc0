package dev.quern.storage;

import static dev.quern.storage.Chunks.SPACE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import org.junit.jupiter.api.Test;

final class MemoryChunkStoreTest extends ChunkStoreContract {
    private final MemoryChunkStore store = new MemoryChunkStore();

    @Override
    ChunkStore store() {
        return store;
    }

    @Test
    void losesWhatWasNotSynced() {
        ChunkId synced = Chunks.put(store, Chunks.text("synced"));
        store.sync();
        ChunkId lost = Chunks.put(store, Chunks.text("lost"));
        store.dropUnsynced();

        assertThat(store.contains(SPACE, synced)).isTrue();
        assertThat(store.contains(SPACE, lost)).isFalse();
    }

    @Test
    void fillsUp() {
        store.limitCapacity(10);
        Chunks.put(store, Chunks.text("12345678"));

        assertThatThrownBy(() -> Chunks.put(store, Chunks.text("123")))
                .satisfies(e -> assertKind(e, ErrorKind.EXHAUSTED));
        Chunks.put(store, Chunks.text("12"));
    }

    @Test
    void countsLeasesAndCorrupts() {
        ChunkId id = Chunks.put(store, Chunks.text("x"));
        try (ChunkLease lease = store.open(SPACE, id)) {
            assertThat(lease.bytes().byteSize()).isEqualTo(store.openLeases());
        }
        assertThat(store.openLeases()).isZero();
        store.corrupt(SPACE, id);
        assertThatThrownBy(() -> store.read(SPACE, id))
                .satisfies(e -> assertKind(e, ErrorKind.CORRUPT));
    }
}
