package dev.quern.storage;

import dev.quern.storage.PackIndex.Progress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The chunks that recovery finds in one pack, added to the index in batches. Not thread-safe.
final class RecoveredChunks {
    private static final Logger LOG = LoggerFactory.getLogger(RecoveredChunks.class);
    private static final int BATCH_CHUNKS = 4096;

    private final PackIndex index;
    private final long packId;
    private final List<PackRecord> batch = new ArrayList<>();
    private long count;

    RecoveredChunks(PackIndex index, long packId) {
        this.index = index;
        this.packId = packId;
    }

    void add(PackRecord record) {
        batch.add(record);
        count++;
        if (batch.size() == BATCH_CHUNKS) {
            index.add(Map.of(packId, batch), Map.of());
            batch.clear();
        }
    }

    /// How many were found.
    long count() {
        return count;
    }

    /// Marks the pack as indexed throughout.
    ///
    /// @param end of what is in it
    void finish(Path file, long end) {
        index.add(Map.of(packId, batch), Map.of(packId, new Progress(end, true)));
        if (count > 0) {
            LOG.info("pack {}: indexed {} chunks", file, count);
        }
    }
}
