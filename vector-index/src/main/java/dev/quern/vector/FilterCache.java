package dev.quern.vector;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.search.Query;
import org.apache.lucene.util.FixedBitSet;
import org.apache.lucene.util.RamUsageEstimator;

/// Which documents of a segment match a filter, for filters that come again: one that was asked for
/// before is kept, the least recently used go beyond the bound. Deleted documents are in the sets:
/// a document never changes, its deletion does. Sets of a segment go when it is closed.
/// Thread-safe; the sets must not be changed.
final class FilterCache {
    /// Filters that were seen once and not kept.
    private static final int MAX_SEEN = 1_024;

    /// Smaller segments are quicker read than looked up.
    private static final int MIN_DOCUMENTS = 1_000;

    private static final long ENTRY_BYTES = 256;

    private final long maxBytes;

    /// Least recently used first.
    @GuardedBy("this")
    private final Map<Key, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);

    @GuardedBy("this")
    private final Map<Query, Boolean> seen =
            new LinkedHashMap<>(16, 0.75f, true) {
                @Override
                protected boolean removeEldestEntry(Map.Entry<Query, Boolean> eldest) {
                    return size() > MAX_SEEN;
                }
            };

    @GuardedBy("this")
    private final Set<IndexReader.CacheKey> segments = new HashSet<>();

    @GuardedBy("this")
    private long bytes;

    private record Key(IndexReader.CacheKey segment, Query filter) {}

    private record Entry(FixedBitSet matching, long bytes) {}

    /// A cache.
    ///
    /// @param maxBytes of the sets and their filters together; 0 keeps nothing
    FilterCache(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /// The set of a filter in a segment, if it is kept.
    synchronized Optional<FixedBitSet> find(LeafReaderContext segment, Query filter) {
        IndexReader.CacheHelper helper = segment.reader().getCoreCacheHelper();
        Entry found = helper == null ? null : entries.get(new Key(helper.getKey(), filter));
        return Optional.ofNullable(found).map(Entry::matching);
    }

    /// Notes that a search has this filter.
    ///
    /// @return whether one had it before
    synchronized boolean isRepeated(Query filter) {
        return maxBytes > 0 && seen.put(filter, true) != null;
    }

    /// Keeps a set.
    void keep(LeafReaderContext segment, Query filter, FixedBitSet matching) {
        IndexReader.CacheHelper helper = segment.reader().getCoreCacheHelper();
        long size = matching.ramBytesUsed() + RamUsageEstimator.sizeOf(filter) + ENTRY_BYTES;
        if (helper == null || matching.length() < MIN_DOCUMENTS || size > maxBytes) {
            return;
        }
        boolean first;
        synchronized (this) {
            Entry old = entries.put(new Key(helper.getKey(), filter), new Entry(matching, size));
            bytes += size - (old == null ? 0 : old.bytes());
            shrink();
            first = segments.add(helper.getKey());
        }
        if (first) {
            helper.addClosedListener(this::forget);
        }
    }

    @GuardedBy("this")
    private void shrink() {
        Iterator<Entry> eldest = entries.values().iterator();
        while (bytes > maxBytes) {
            bytes -= eldest.next().bytes();
            eldest.remove();
        }
    }

    private synchronized void forget(IndexReader.CacheKey segment) {
        segments.remove(segment);
        entries.entrySet()
                .removeIf(entry -> {
                    boolean gone = entry.getKey().segment().equals(segment);
                    bytes -= gone ? entry.getValue().bytes() : 0;
                    return gone;
                });
    }

    /// Bytes of what is kept.
    synchronized long bytes() {
        return bytes;
    }
}
