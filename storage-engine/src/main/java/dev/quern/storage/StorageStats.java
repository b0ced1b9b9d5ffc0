package dev.quern.storage;

import dev.quern.storage.PackIndex.PackState;

/// Counts of what is stored.
///
/// @param chunks chunks in the index
/// @param liveBytes of their bodies as they are stored, with record headers
/// @param storedBytes of all pack files
/// @param packs pack files
public record StorageStats(long chunks, long liveBytes, long storedBytes, int packs) {
    /// Bytes that compaction could free.
    public long deadBytes() {
        return Math.max(0, storedBytes - liveBytes);
    }

    static StorageStats of(PackChunkStore store) {
        long live = 0;
        for (PackState pack : store.index().packs().values()) {
            live += pack.liveBytes() + pack.chunks() * PackFormat.RECORD_BYTES;
        }
        ChunkStore.ChunkStats stats = store.stats();
        return new StorageStats(stats.chunks(), live, stats.storedBytes(), stats.packs());
    }
}
