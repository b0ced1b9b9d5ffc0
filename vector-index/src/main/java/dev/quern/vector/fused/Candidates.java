package dev.quern.vector.fused;

import java.util.Arrays;
import org.apache.lucene.util.NumericUtils;

/// Vertices and their squared lengths to one vertex, to be sorted. Used by one thread.
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
        if (size == entries.length) {
            entries = Arrays.copyOf(entries, size * 2);
        }
        entries[size++] =
                (long) NumericUtils.floatToSortableInt(square) << 32
                        | Integer.toUnsignedLong(vertex);
    }

    /// Nearest first, ties by vertex; a vertex added twice with one length stays once.
    void sort() {
        Arrays.sort(entries, 0, size);
        int kept = 0;
        for (int i = 0; i < size; i++) {
            if (kept == 0 || (int) entries[i] != (int) entries[kept - 1]) {
                entries[kept++] = entries[i];
            }
        }
        size = kept;
    }

    int vertex(int i) {
        return (int) entries[i];
    }

    float square(int i) {
        return NumericUtils.sortableIntToFloat((int) (entries[i] >> 32));
    }
}
