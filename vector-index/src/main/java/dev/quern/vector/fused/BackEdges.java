package dev.quern.vector.fused;

import java.util.Arrays;

/// Edges of some vertices the other way round, gathered by the vertex that they come from. Their
/// lengths are as they were when they were gathered, whatever has become of the edges since.
final class BackEdges {
    private static final int SLOT_BITS = Integer.numberOfTrailingZeros(BlockLayout.SLOTS);

    private final int[] choosers;

    /// Sorted: the vertex that was chosen in the upper half; in the lower which of the choosers
    /// chose it, then the slot.
    private final long[] edges;

    /// Their squared lengths.
    private final float[] squares;

    /// Where each vertex's run of edges begins, and the end.
    private final int[] starts;

    private BackEdges(int[] choosers, long[] edges, float[] squares, int[] starts) {
        this.choosers = choosers;
        this.edges = edges;
        this.squares = squares;
        this.starts = starts;
    }

    /// Gathers all edges of some vertices.
    ///
    /// @param choosers fewer than 2^27
    static BackEdges of(int[] choosers, Edges forward) {
        int total = 0;
        for (int chooser : choosers) {
            total += forward.degree(chooser);
        }
        long[] edges = new long[total];
        int at = 0;
        for (int i = 0; i < choosers.length; i++) {
            int degree = forward.degree(choosers[i]);
            for (int slot = 0; slot < degree; slot++) {
                long chosen = forward.neighbour(choosers[i], slot);
                edges[at++] = chosen << Integer.SIZE | (long) i << SLOT_BITS | slot;
            }
        }
        Arrays.sort(edges);
        float[] squares = new float[total];
        for (int i = 0; i < total; i++) {
            int slot = (int) edges[i] & (BlockLayout.SLOTS - 1);
            squares[i] = forward.square(choosers[(int) edges[i] >>> SLOT_BITS], slot);
        }
        int[] starts = new int[total + 1];
        int count = 0;
        for (int i = 0; i < total; i++) {
            if (i == 0 || edges[i] >>> 32 != edges[i - 1] >>> 32) {
                starts[count++] = i;
            }
        }
        starts[count] = total;
        return new BackEdges(choosers, edges, squares, Arrays.copyOf(starts, count + 1));
    }

    /// The number of vertices that were chosen.
    int vertices() {
        return starts.length - 1;
    }

    /// The i-th of them.
    int vertex(int i) {
        return (int) (edges[starts[i]] >>> 32);
    }

    /// The first of the edges to it; its last is before the first of the next.
    int from(int i) {
        return starts[i];
    }

    /// Where an edge comes from.
    int chooser(int edge) {
        return choosers[(int) edges[edge] >>> SLOT_BITS];
    }

    float square(int edge) {
        return squares[edge];
    }
}
