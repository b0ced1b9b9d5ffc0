package dev.quern.vector.fused;

import java.util.Arrays;

/// The vertices that a walk knows and has not visited, in no order, as entries of a [Pool]. Adding
/// one costs a store, and the nearest is found by looking at all: for the few hundred of a narrow
/// walk that is quicker than to keep an order, which means a branch foretold wrongly for each new
/// one. Used by one thread.
final class Frontier {
    /// All from [#size] on are [Pool#NOTHING].
    private long[] entries = new long[0];

    private int size;

    void clear() {
        Arrays.fill(entries, 0, size, Pool.NOTHING);
        size = 0;
    }

    /// Room for so many entries at [#at], to be followed by [#grow].
    long[] room(int count) {
        if (entries.length < size + count + Kernel.LANES) {
            int before = entries.length;
            entries = Arrays.copyOf(entries, 2 * (size + count + Kernel.LANES));
            Arrays.fill(entries, before, entries.length, Pool.NOTHING);
        }
        return entries;
    }

    int at() {
        return size;
    }

    /// Takes all entries before an index; what lies there is none.
    void grow(int end) {
        size = end;
        entries[end] = Pool.NOTHING;
    }

    /// The nearest but one that is taken out, [Pool#NOTHING] where there is none.
    long nearestBut(Kernel kernel, long gone) {
        return kernel.least(entries, size, gone);
    }
}
