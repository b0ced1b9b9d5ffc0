package dev.quern.storage;

import dev.quern.common.SpaceId;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/// The chunks that a check found damaged or missing: all of them by fingerprint, what is wrong with
/// the first 65,536, and as many that a repair is to fetch next. Not thread-safe.
final class BadChunks {
    static final int MAX_KNOWN = 1 << 16;

    private final int maxWanted;
    private final Map<SpaceId, FingerprintSet> tried;
    private final Map<SpaceId, FingerprintSet> all = new HashMap<>();
    private final Map<SpaceId, Map<ChunkId, String>> known = new LinkedHashMap<>();
    private final Map<SpaceId, Set<ChunkId>> wanted = new LinkedHashMap<>();
    private long size;
    private int knownCount;
    private int wantedCount;
    private boolean hasMore;

    /// For a check alone, from which nothing is fetched.
    BadChunks() {
        this(0, Map.of());
    }

    /// @param maxWanted how many to fetch next
    /// @param tried those that it is of no use to fetch
    BadChunks(int maxWanted, Map<SpaceId, FingerprintSet> tried) {
        this.maxWanted = maxWanted;
        this.tried = tried;
    }

    void add(SpaceId space, ChunkId id, String problem) {
        if (!all.computeIfAbsent(space, _ -> new FingerprintSet()).add(id)) {
            return;
        }
        size++;
        if (knownCount < MAX_KNOWN) {
            known.computeIfAbsent(space, _ -> new LinkedHashMap<>()).put(id, problem);
            knownCount++;
        }
        if (!has(tried, space, id)) {
            want(space, id);
        }
    }

    private void want(SpaceId space, ChunkId id) {
        if (wantedCount < maxWanted) {
            wanted.computeIfAbsent(space, _ -> new LinkedHashSet<>()).add(id);
            wantedCount++;
        } else {
            hasMore = true;
        }
    }

    boolean contains(SpaceId space, ChunkId id) {
        return has(all, space, id);
    }

    private static boolean has(Map<SpaceId, FingerprintSet> sets, SpaceId space, ChunkId id) {
        FingerprintSet set = sets.get(space);
        return set != null && set.contains(id);
    }

    /// What is wrong with a chunk; empty if that is not known or was not kept.
    String problem(SpaceId space, ChunkId id) {
        return known.getOrDefault(space, Map.of()).getOrDefault(id, "");
    }

    /// What is wrong with the first of them, by space.
    Map<SpaceId, Map<ChunkId, String>> known() {
        return Collections.unmodifiableMap(known);
    }

    /// What to fetch next, by space.
    Map<SpaceId, Set<ChunkId>> wanted() {
        return Collections.unmodifiableMap(wanted);
    }

    /// How many to fetch next.
    int wantedCount() {
        return wantedCount;
    }

    /// How many there are in all.
    long size() {
        return size;
    }

    /// Whether there are more to fetch after these.
    boolean hasMore() {
        return hasMore;
    }
}
