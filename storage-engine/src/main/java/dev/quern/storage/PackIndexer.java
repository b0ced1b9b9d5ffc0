package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.storage.PackAppender.Appended;
import dev.quern.storage.PackAppender.Batch;
import dev.quern.storage.PackIndex.PackState;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Carries what a sync has made durable into the index. A write that fails is tried again with the
/// next sync: the chunks are safe in their packs and stay pending until then. Not thread-safe,
/// except for [#chunks].
final class PackIndexer {
    private static final Logger LOG = LoggerFactory.getLogger(PackIndexer.class);

    private final PackIndex index;
    private final Map<Long, PackState> states = new HashMap<>();
    private final Set<Long> closing = new HashSet<>();
    private final List<Appended> waiting = new ArrayList<>();
    private final AtomicLong chunks;

    PackIndexer(PackIndex index) {
        this.index = index;
        this.chunks =
                new AtomicLong(index.packs().values().stream().mapToLong(PackState::chunks).sum());
    }

    /// Chunks in the index.
    long chunks() {
        return chunks.get();
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
        Map<Long, PackState> moved = new HashMap<>();
        records.forEach((pack, added) -> moved.put(pack, after(pack, added)));
        closing.forEach(pack -> moved.computeIfAbsent(pack, _ -> after(pack, List.of())));
        try {
            index.add(records, moved);
        } catch (QuernException e) {
            LOG.warn("chunk index lags by {} chunks: {}", waiting.size(), e.getMessage());
            return List.of();
        }
        List<Appended> indexed = List.copyOf(waiting);
        states.putAll(moved);
        states.keySet().removeAll(closing);
        closing.clear();
        waiting.clear();
        chunks.addAndGet(indexed.size());
        return indexed;
    }

    private PackState after(long pack, List<PackRecord> added) {
        PackState before = states.getOrDefault(pack, PackState.NEW);
        long through = added.isEmpty() ? before.indexedThrough() : added.getLast().end();
        return new PackState(through, before.chunks() + added.size(), closing.contains(pack));
    }
}
