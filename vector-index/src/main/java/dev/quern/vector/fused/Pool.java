package dev.quern.vector.fused;

import org.apache.lucene.util.NumericUtils;

/// The nearest vertices that a walk knows, in the order of their estimates, each visited or not. An
/// entry is the estimate as a sortable int in the upper half of a long, then the vertex, then one
/// bit: visited. Used by one thread.
final class Pool {
    static final int NONE = -1;

    /// Beyond every entry.
    static final long NOTHING = Long.MAX_VALUE;

    /// Up to so many entries are moved one at a time.
    private static final int NARROW = 256;

    private long[] entries = new long[0];
    private int capacity;
    private int size;

    /// Every entry before it is visited.
    private int cursor;

    void reset(int newCapacity) {
        if (entries.length < newCapacity) {
            entries = new long[newCapacity];
        }
        capacity = newCapacity;
        size = 0;
        cursor = 0;
    }

    /// What a new estimate must be below.
    float bound() {
        return size < capacity ? Float.POSITIVE_INFINITY : estimate(entries[size - 1]);
    }

    /// An entry of a vertex that is not visited.
    static long entry(int vertex, float estimate) {
        return (long) NumericUtils.floatToSortableInt(estimate) << 32
                | Integer.toUnsignedLong(vertex << 1);
    }

    /// The vertex of an entry.
    static int vertex(long entry) {
        return (int) entry >>> 1;
    }

    /// The estimate of an entry.
    static float estimate(long entry) {
        return NumericUtils.sortableIntToFloat((int) (entry >> 32));
    }

    /// Adds an entry; the farthest goes when the pool is full.
    void add(long entry) {
        int last = Math.min(size, capacity - 1);
        if (size == capacity && entries[last] <= entry) {
            return;
        }
        int at = capacity > NARROW ? shiftFar(entry, last) : shift(entry, last);
        entries[at] = entry;
        size = last + 1;
        cursor = Math.min(cursor, at);
    }

    /// Makes room by moving one entry at a time: what was moved together, by wide stores, would be
    /// waited for by the next search among it, behind all reads of blocks that are under way.
    private int shift(long entry, int last) {
        long[] all = entries;
        int at = last;
        while (at > 0 && all[at - 1] > entry) {
            all[at] = all[at - 1];
            at--;
        }
        return at;
    }

    private int shiftFar(long entry, int last) {
        int at = place(entry);
        System.arraycopy(entries, at, entries, at + 1, last - at);
        return at;
    }

    /// How many entries are below one. Without branches on what is compared: half of them would be
    /// foretold wrongly, which costs more than all else here.
    private int place(long entry) {
        long half = entry >> 1;
        int low = 0;
        int left = size;
        while (left > 0) {
            int step = (left + 1) >>> 1;
            // Half of each, so that the difference is in range; what is lost is not compared.
            int below = (int) (((entries[low + step - 1] >> 1) - half) >> 63);
            low += step & below;
            left -= step;
        }
        return low;
    }

    /// The nearest entry that is not visited, [#NOTHING] if all are.
    long peek() {
        while (cursor < size && (entries[cursor] & 1) != 0) {
            cursor++;
        }
        return cursor == size ? NOTHING : entries[cursor];
    }

    /// Marks the nearest vertex that is not visited, and returns its place or [#NONE].
    int next() {
        if (peek() == NOTHING) {
            return NONE;
        }
        entries[cursor] |= 1;
        return cursor;
    }

    int vertex(int place) {
        return vertex(entries[place]);
    }

    float estimate(int place) {
        return estimate(entries[place]);
    }
}
