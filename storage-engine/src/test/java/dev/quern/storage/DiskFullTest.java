package dev.quern.storage;

import static dev.quern.storage.ChunkStoreContract.assertKind;
import static dev.quern.storage.Chunks.SPACE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DiskFullTest {
    private final FaultyDisk disk = new FaultyDisk();
    @TempDir Path directory;

    @Test
    void putIsExhaustedWhereverTheDiskEndsAndTheStoreStaysUsable() {
        int kept = 0;
        try (StorageEngine engine = Engines.open(directory, disk)) {
            ChunkStore store = engine.chunks();
            // Small records are written at once, those over 64 KiB in two steps and in their own
            // pack.
            for (int length : new int[] {100, 90_000}) {
                for (int room = 0; room < length; room += length / 9) {
                    disk.limitWritable(room);
                    byte[] bytes = chunk(kept, length);
                    ChunkId id = MemoryChunkStore.idOf(bytes);

                    assertThatThrownBy(() -> Chunks.put(store, bytes))
                            .satisfies(e -> assertKind(e, ErrorKind.EXHAUSTED))
                            .hasMessageContaining("No space left");
                    assertThat(store.contains(SPACE, id)).isFalse();
                    disk.limitWritable(Long.MAX_VALUE);
                    Chunks.put(store, bytes);
                    store.sync();
                    assertThat(store.read(SPACE, id)).isEqualTo(bytes);
                    kept++;
                }
            }
            assertThat(store.stats().chunks()).isEqualTo(kept);
        }
        assertEverythingIsThere(kept);
    }

    @Test
    void writeThatCannotBeCutEndsThePack() {
        try (StorageEngine engine = Engines.open(directory, disk)) {
            ChunkStore store = engine.chunks();
            Chunks.put(store, chunk(0, 100));
            disk.limitWritable(50);
            disk.failResizes(true);
            assertThatThrownBy(() -> Chunks.put(store, chunk(1, 100)))
                    .satisfies(e -> assertKind(e, ErrorKind.EXHAUSTED));
            disk.limitWritable(Long.MAX_VALUE);
            disk.failResizes(false);
            Chunks.put(store, chunk(1, 100));
            assertThat(store.stats().packs()).isEqualTo(2);
        }
        assertEverythingIsThere(2);
    }

    @Test
    void packThatCannotBeSealedIsKeptUnsealed() {
        try (StorageEngine engine = Engines.open(directory, disk)) {
            ChunkStore store = engine.chunks();
            Chunks.put(store, chunk(0, 40_000));
            disk.limitWritable(10);
            assertThatThrownBy(() -> Chunks.put(store, chunk(1, 40_000)))
                    .satisfies(e -> assertKind(e, ErrorKind.EXHAUSTED));
            disk.limitWritable(Long.MAX_VALUE);
            Chunks.put(store, chunk(1, 40_000));
        }
        assertEverythingIsThere(2);
    }

    @Test
    void indexThatCannotBeWrittenCatchesUp() {
        try (StorageEngine engine = Engines.open(directory, disk)) {
            ChunkStore store = engine.chunks();
            disk.failDatabases("No space left on device");
            ChunkId id = Chunks.put(store, chunk(0, 100));
            store.sync();
            assertThat(store.isDurable(SPACE, id)).isTrue();
            assertThat(store.read(SPACE, id)).isEqualTo(chunk(0, 100));
            Chunks.put(store, chunk(1, 100));
            store.sync();
            assertThat(store.stats().chunks()).isEqualTo(2);
            assertThat(store.put(SPACE, MemorySegment.ofArray(chunk(1, 100))).stored()).isFalse();
            Chunks.put(store, chunk(2, 100));
        }
        disk.failDatabases(null);
        assertEverythingIsThere(3);
    }

    /// After a failed force no later one can be believed, so the store must not go on as if.
    @Test
    void failedForceStopsWritesUntilReopened() {
        ChunkId first;
        try (StorageEngine engine = Engines.open(directory, disk)) {
            ChunkStore store = engine.chunks();
            first = Chunks.put(store, chunk(0, 100));
            store.sync();
            ChunkId second = Chunks.put(store, chunk(1, 100));
            disk.failForces("Input/output error");
            assertThatThrownBy(store::sync).satisfies(e -> assertKind(e, ErrorKind.UNAVAILABLE));
            disk.failForces(null);
            assertThatThrownBy(store::sync).satisfies(e -> assertKind(e, ErrorKind.UNAVAILABLE));
            assertThatThrownBy(() -> Chunks.put(store, chunk(2, 100)))
                    .satisfies(e -> assertKind(e, ErrorKind.UNAVAILABLE));
            assertThat(store.isDurable(SPACE, second)).isFalse();
            assertThat(store.read(SPACE, first)).isEqualTo(chunk(0, 100));
        }
        try (StorageEngine engine = Engines.open(directory, disk)) {
            ChunkStore store = engine.chunks();
            assertThat(store.read(SPACE, first)).isEqualTo(chunk(0, 100));
            Chunks.put(store, chunk(2, 100));
            store.sync();
        }
    }

    private void assertEverythingIsThere(int count) {
        try (StorageEngine engine = Engines.open(directory)) {
            assertThat(engine.chunks().stats().chunks()).isEqualTo(count);
        }
    }

    private static byte[] chunk(int seed, int length) {
        return Chunks.bytes(seed, length);
    }
}
