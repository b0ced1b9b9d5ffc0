package dev.quern.vector.fused;

import org.apache.lucene.util.FixedBitSet;

/// An order of vertices in which each is mostly a near neighbour of the one before: walks toward
/// them, one after another, then find the blocks that they visit in the caches.
final class Chain {
    private final Edges edges;
    private final FixedBitSet seen;
    private final int[] path;
    private final int[] order;
    private int length;

    private Chain(Blocks blocks, Edges edges) {
        this.edges = edges;
        this.seen = new FixedBitSet(blocks.count());
        this.path = new int[blocks.count()];
        this.order = new int[blocks.count()];
    }

    /// All vertices of a graph.
    ///
    /// @param first where the chain begins
    static int[] from(int first, Blocks blocks, Edges edges) {
        Chain chain = new Chain(blocks, edges);
        chain.follow(first);
        for (int vertex = 0; vertex < blocks.count(); vertex++) {
            if (!chain.seen.get(vertex)) {
                chain.follow(vertex);
            }
        }
        return chain.order;
    }

    /// Goes to the nearest neighbour that is not seen, from the last vertex that has one.
    private void follow(int root) {
        int depth = 0;
        for (int vertex = root; vertex >= 0; ) {
            seen.set(vertex);
            order[length++] = vertex;
            path[depth++] = vertex;
            vertex = nearest(vertex);
            while (vertex < 0 && --depth > 0) {
                vertex = nearest(path[depth - 1]);
            }
        }
    }

    private int nearest(int vertex) {
        int nearest = -1;
        float least = Float.POSITIVE_INFINITY;
        for (int slot = 0; slot < edges.degree(vertex); slot++) {
            int neighbour = edges.neighbour(vertex, slot);
            float square = edges.square(vertex, slot);
            if (square < least && !seen.get(neighbour)) {
                least = square;
                nearest = neighbour;
            }
        }
        return nearest;
    }
}
