package dev.quern.vector.fused;

import java.util.Arrays;

/// Edges of some vertices the other way round, gathered by the vertex that they come from.
final class BackEdges {
    /// Sorted: the vertex that was chosen in the upper half, the one that chose it in the lower.
    private final long[] edges;

    /// Where each vertex's run of edges begins, and the end.
    private final int[] starts;

    private BackEdges(long[] edges, int[] starts) {
        this.edges = edges;
        this.starts = starts;
    }

    static BackEdges of(int[] choosers, Edges forward) {
        int total = 0;
        for (int chooser : choosers) {
            total += forward.degree(chooser);
        }
        long[] edges = new long[total];
        int at = 0;
        for (int chooser : choosers) {
            for (int slot = 0; slot < forward.degree(chooser); slot++) {
                edges[at++] = (long) forward.neighbour(chooser, slot) << 32 | chooser;
            }
        }
        Arrays.sort(edges);
        int[] starts = new int[total + 1];
        int count = 0;
        for (int i = 0; i < total; i++) {
            if (i == 0 || edges[i] >>> 32 != edges[i - 1] >>> 32) {
                starts[count++] = i;
            }
        }
        starts[count] = total;
        return new BackEdges(edges, Arrays.copyOf(starts, count + 1));
    }

    /// The number of vertices that were chosen.
    int vertices() {
        return starts.length - 1;
    }

    /// The i-th of them.
    int vertex(int i) {
        return (int) (edges[starts[i]] >>> 32);
    }

    /// Who chose it, in ascending order.
    int[] choosers(int i) {
        int[] choosers = new int[starts[i + 1] - starts[i]];
        for (int j = 0; j < choosers.length; j++) {
            choosers[j] = (int) edges[starts[i] + j];
        }
        return choosers;
    }
}
