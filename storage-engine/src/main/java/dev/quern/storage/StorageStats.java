package dev.quern.storage;

import dev.quern.common.SpaceId;
import dev.quern.storage.PackIndex.Entry;
import dev.quern.storage.PackIndex.PackState;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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

    /// Looks at every index entry, for the damaged ones.
    static StorageStats of(PackChunkStore store) {
        ChunkStore.ChunkStats stats = store.stats();
        return new StorageStats(
                stats.chunks(),
                liveBytes(store),
                stats.storedBytes(),
                stats.packs(),
                quarantined(store));
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

    private static long quarantined(PackChunkStore store) {
        long count = 0;
        for (SpaceId space : store.index().spaces()) {
            Optional<ChunkId> after = Optional.empty();
            List<Entry> page;
            do {
                page = store.index().scan(space, after, PackIndex.MAX_SCAN);
                count += page.stream().filter(Entry::quarantined).count();
                after = page.isEmpty() ? after : Optional.of(page.getLast().id());
            } while (page.size() == PackIndex.MAX_SCAN);
        }
        return count;
    }
}
