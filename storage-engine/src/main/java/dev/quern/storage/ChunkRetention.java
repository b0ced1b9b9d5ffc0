package dev.quern.storage;

import com.google.errorprone.annotations.MustBeClosed;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;

/// What must not be removed although no fact names it: pinned chunks, and chunks that were touched
/// while their writer was on its way to a fact. Also the clock that condemns by.
///
/// A writer needs no list of its chunks: putting or looking up a chunk clears its condemnation, so
/// whatever was condemned before the writer began is none of its chunks. Thread-safe.
final class ChunkRetention {
    private record Name(SpaceId space, ChunkId id) {}

    private final InstantSource clock;

    /// How often each chunk is pinned.
    @GuardedBy("this")
    private final Map<Name, Integer> pins = new HashMap<>();

    /// When the writers of each space began, and how many did then.
    @GuardedBy("this")
    private final Map<SpaceId, NavigableMap<Long, Integer>> writers = new HashMap<>();

    @GuardedBy("this")
    private long lastMillis = 1;

    ChunkRetention(InstantSource clock) {
        this.clock = clock;
    }

    /// Milliseconds since 1970, at least 1; never less than before, whatever the clock does.
    synchronized long nowMillis() {
        lastMillis = Math.max(lastMillis, clock.millis());
        return lastMillis;
    }

    /// Pins chunks and clears their condemnation.
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // returned, unless the index cannot be written
    ChunkPins pin(PackIndex index, SpaceId space, Collection<ChunkId> ids) {
        ChunkPins pinned = pin(space, ids);
        try {
            // First the pin, then the rescue: gc either sees one of them or had removed it before.
            ids.forEach(id -> index.rescue(space, id));
            return pinned;
        } catch (QuernException e) {
            pinned.close();
            throw e;
        }
    }

    @MustBeClosed
    ChunkPins pin(SpaceId space, Collection<ChunkId> ids) {
        List<Name> names = ids.stream().map(id -> new Name(space, id)).toList();
        synchronized (this) {
            names.forEach(name -> pins.merge(name, 1, Integer::sum));
        }
        return once(() -> unpin(names));
    }

    private synchronized void unpin(List<Name> names) {
        names.forEach(name -> pins.computeIfPresent(name, (_, n) -> n == 1 ? null : n - 1));
    }

    synchronized boolean isPinned(SpaceId space, ChunkId id) {
        return pins.containsKey(new Name(space, id));
    }

    @MustBeClosed
    ChunkPins pinWrites(SpaceId space) {
        long began = nowMillis();
        synchronized (this) {
            writers.computeIfAbsent(space, _ -> new TreeMap<>()).merge(began, 1, Integer::sum);
        }
        return once(() -> endWrites(space, began));
    }

    private synchronized void endWrites(SpaceId space, long began) {
        writers.computeIfPresent(
                space,
                (_, starts) -> {
                    starts.computeIfPresent(began, (_, n) -> n == 1 ? null : n - 1);
                    return starts.isEmpty() ? null : starts;
                });
    }

    /// When the oldest writer of a space began; `Long.MAX_VALUE` if there is none. A chunk that was
    /// condemned at this time or later may be one of its chunks.
    synchronized long oldestWriter(SpaceId space) {
        NavigableMap<Long, Integer> starts = writers.get(space);
        return starts == null ? Long.MAX_VALUE : starts.firstKey();
    }

    private static ChunkPins once(Runnable end) {
        AtomicBoolean open = new AtomicBoolean(true);
        return () -> {
            if (open.getAndSet(false)) {
                end.run();
            }
        };
    }
}
