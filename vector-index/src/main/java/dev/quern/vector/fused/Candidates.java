package dev.quern.vector.fused;

import java.util.Arrays;
import org.apache.lucene.util.NumericUtils;

/// Vertices and their squared lengths to one vertex, to be sorted. An entry is the length as a
/// sortable int in the upper half of a long, then the vertex, then one bit: settled. Settled ones
/// have been compared with each other before, and none of them leaves another out. Used by one
/// thread.
final class Candidates {
    private long[] entries = new long[256];
    private int size;

    void clear() {
        size = 0;
    }

    int size() {
        return size;
    }

    void add(int vertex, float square) {
        add(vertex, square, false);
    }

    void add(int vertex, float square, boolean settled) {
        if (size == entries.length) {
            entries = Arrays.copyOf(entries, size * 2);
        }
        entries[size++] =
                (long) NumericUtils.floatToSortableInt(square) << 32
                        | Integer.toUnsignedLong(vertex << 1 | (settled ? 1 : 0));
    }

    /// Nearest first, ties by vertex; a vertex added twice with one length stays once.
    void sort() {
        Arrays.sort(entries, 0, size);
        int kept = 0;
        for (int i = 0; i < size; i++) {
            if (kept == 0 || vertex(i) != vertex(kept - 1)) {
                entries[kept++] = entries[i];
            }
        }
        size = kept;
    }

    int vertex(int i) {
        return (int) entries[i] >>> 1;
    }

    boolean isSettled(int i) {
        return (entries[i] & 1) != 0;
    }

    float square(int i) {
        return NumericUtils.sortableIntToFloat((int) (entries[i] >> 32));
    }
}
