package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.storage.PackAppender.Appended;
import dev.quern.storage.PackAppender.Batch;
import dev.quern.storage.PackIndex.PackState;
import dev.quern.storage.PackIndex.Progress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Carries what a sync has made durable into the index. A write that fails is tried again with the
/// next sync: the chunks are safe in their packs and stay pending until then. Not thread-safe.
final class PackIndexer {
    private static final Logger LOG = LoggerFactory.getLogger(PackIndexer.class);

    private final PackIndex index;
    private final Set<Long> closing = new HashSet<>();
    private final List<Appended> waiting = new ArrayList<>();

    PackIndexer(PackIndex index) {
        this.index = index;
    }

    /// Adds the chunks of a batch that is durable, and those left over from before.
    ///
    /// @return the chunks that are indexed now
    List<Appended> add(Batch batch) {
        waiting.addAll(batch.chunks());
        batch.finished().forEach(writer -> closing.add(writer.pack().id()));
        Map<Long, List<PackRecord>> records = new HashMap<>();
        for (Appended chunk : waiting) {
            records.computeIfAbsent(chunk.pack().id(), _ -> new ArrayList<>()).add(chunk.record());
        }
        Map<Long, Progress> progress = new HashMap<>();
        records.forEach((pack, added) -> progress.put(pack, after(pack, added)));
        for (long pack : closing) {
            progress.computeIfAbsent(pack, _ -> new Progress(indexedThrough(pack), true));
        }
        try {
            index.add(records, progress);
        } catch (QuernException e) {
            LOG.warn("chunk index lags by {} chunks: {}", waiting.size(), e.getMessage());
            return List.of();
        }
        List<Appended> indexed = List.copyOf(waiting);
        closing.clear();
        waiting.clear();
        return indexed;
    }

    /// Whether the index has everything that it was given.
    boolean isUpToDate() {
        return waiting.isEmpty() && closing.isEmpty();
    }

    private Progress after(long pack, List<PackRecord> added) {
        return new Progress(added.getLast().end(), closing.contains(pack));
    }

    private long indexedThrough(long pack) {
        return index.packs().getOrDefault(pack, PackState.NEW).indexedThrough();
    }
}
