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
        int low = 0;
        int high = size;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (entries[middle] < entry) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        if (low == capacity) {
            return;
        }
        int moved = Math.min(size, capacity - 1) - low;
        System.arraycopy(entries, low, entries, low + 1, moved);
        entries[low] = entry;
        size = Math.min(size + 1, capacity);
        cursor = Math.min(cursor, low);
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
