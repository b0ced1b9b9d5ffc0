package dev.quern.storage;

import dev.quern.storage.PackIndex.PackState;
import java.util.Map;

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

    static StorageStats of(PackChunkStore store) {
        ChunkStore.ChunkStats stats = store.stats();
        return new StorageStats(
                stats.chunks(),
                liveBytes(store),
                stats.storedBytes(),
                stats.packs(),
                store.quarantined());
    }

    /// Bytes of all live records.
    static long liveBytes(PackChunkStore store) {
        long live = 0;
        for (Map.Entry<Long, PackState> known : store.index().packs().entrySet()) {
            Pack pack = store.packs().find(known.getKey());
            live += pack == null ? 0 : liveBytes(pack.kind(), known.getValue());
        }
        return live;
    }

    /// Bytes of a pack's live records, with their headers if they have any.
    static long liveBytes(Pack.Kind kind, PackState state) {
        return switch (kind) {
            case RECORDS -> state.liveBytes() + state.chunks() * PackFormat.RECORD_BYTES;
            case RUN -> state.liveBytes();
        };
    }
}
