package dev.quern.vector.fused;

import org.apache.lucene.util.NumericUtils;

/// The nearest vertices that a walk knows, in the order of their estimates, each visited or not. An
/// entry is the estimate as a sortable int in the upper half of a long, then the vertex, then one
/// bit: visited. Used by one thread.
final class Pool {
    static final int NONE = -1;

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
        return size < capacity
                ? Float.POSITIVE_INFINITY
                : NumericUtils.sortableIntToFloat((int) (entries[size - 1] >> 32));
    }

    /// Adds a vertex; the farthest goes when the pool is full.
    void add(int vertex, float estimate) {
        long entry =
                (long) NumericUtils.floatToSortableInt(estimate) << 32
                        | Integer.toUnsignedLong(vertex << 1);
        int low = place(entry);
        if (low == capacity) {
            return;
        }
        int moved = Math.min(size, capacity - 1) - low;
        System.arraycopy(entries, low, entries, low + 1, moved);
        entries[low] = entry;
        size = Math.min(size + 1, capacity);
        cursor = Math.min(cursor, low);
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

    /// Marks the nearest vertex that is not visited, and returns its place or [#NONE].
    int next() {
        while (cursor < size && (entries[cursor] & 1) != 0) {
            cursor++;
        }
        if (cursor == size) {
            return NONE;
        }
        entries[cursor] |= 1;
        return cursor;
    }

    int vertex(int place) {
        return (int) entries[place] >>> 1;
    }

    float estimate(int place) {
        return NumericUtils.sortableIntToFloat((int) (entries[place] >> 32));
    }
}
