package dev.quern.storage;

import dev.quern.storage.PackIndex.PackState;

/// Counts of what is stored.
///
/// @param chunks chunks in the index
/// @param liveBytes of their bodies as they are stored, with record headers
/// @param storedBytes of all pack files
/// @param packs pack files
/// @param quarantined chunks that were found damaged
public record StorageStats(
        long chunks, long liveBytes, long storedBytes, int packs, long quarantined) {
    /// Bytes that compaction could free.
    public long deadBytes() {
        return Math.max(0, storedBytes - liveBytes);
    }

    static StorageStats of(KeyedChunks store) {
        ChunkStore.ChunkStats stats = store.stats();
        return new StorageStats(
                stats.chunks(),
                store.liveBytes(),
                stats.storedBytes(),
                stats.packs(),
                store.quarantined());
    }

    /// Bytes of a pack's live records, with their headers if they have any.
    static long liveBytes(Pack.Kind kind, PackState state) {
        return switch (kind) {
            case RECORDS -> state.liveBytes() + state.chunks() * PackFormat.RECORD_BYTES;
            case RUN -> state.liveBytes();
        };
    }
}
