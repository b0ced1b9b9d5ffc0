package dev.quern.vector.fused;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.apache.lucene.util.FixedBitSet;

/// Sees to it that a path leads from the entry to every vertex: choosing neighbours leaves a few
/// with no edge to them, and a row that no search can find is lost to its owner. Such a vertex
/// takes a slot of a vertex near it, from a neighbour that many others name.
final class Reach {
    private static final int MAX_ROUNDS = 8;
    private static final int WIDTH = 64;

    private final Blocks blocks;
    private final Measure measure;
    private final Edges edges;
    private final Walk walk;
    private final int entry;
    private final FixedBitSet reached;
    private final int[] named;
    private final int[] queue;
    private final Candidates near = new Candidates();

    Reach(Blocks blocks, MemorySegment side, Kernel kernel, Measure measure, int entry) {
        this.blocks = blocks;
        this.measure = measure;
        this.edges = new Edges(kernel, blocks, side, measure.inner());
        this.walk = new Walk(kernel, blocks.layout().width());
        this.entry = entry;
        this.reached = new FixedBitSet(blocks.count());
        this.named = new int[blocks.count()];
        this.queue = new int[blocks.count()];
    }

    /// Links in what is not reached, in rounds, because a slot that is taken may have been the only
    /// way to another vertex.
    ///
    /// @return vertices that are still not reached, seldom any
    int linkAll() throws IOException {
        countNames();
        for (int round = 0; round < MAX_ROUNDS; round++) {
            reached.clear();
            spread(entry);
            if (reached.cardinality() == blocks.count()) {
                return 0;
            }
            for (int vertex = 0; vertex < blocks.count(); vertex++) {
                if (!reached.get(vertex) && link(vertex)) {
                    spread(vertex);
                }
            }
        }
        reached.clear();
        spread(entry);
        return blocks.count() - reached.cardinality();
    }

    private void countNames() {
        for (int vertex = 0; vertex < blocks.count(); vertex++) {
            for (int slot = 0; slot < edges.degree(vertex); slot++) {
                named[edges.neighbour(vertex, slot)]++;
            }
        }
    }

    private void spread(int from) {
        int head = 0;
        int tail = 0;
        reached.set(from);
        queue[tail++] = from;
        while (head < tail) {
            int vertex = queue[head++];
            for (int slot = 0; slot < edges.degree(vertex); slot++) {
                int neighbour = edges.neighbour(vertex, slot);
                if (!reached.getAndSet(neighbour)) {
                    queue[tail++] = neighbour;
                }
            }
        }
    }

    private boolean link(int vertex) throws IOException {
        float[] query = walk.query.vector;
        MemorySegment.copy(
                blocks.memory(), Kernel.FLOAT, blocks.at(vertex), query, 0, query.length);
        walk.query.quantise();
        near.clear();
        walk.run(
                blocks,
                measure,
                measure.lift(vertex),
                entry,
                WIDTH,
                (visited, estimate, distance) -> {
                    near.add(visited, measure.square(distance));
                    return true;
                });
        near.sort();
        for (int i = 0; i < near.size(); i++) {
            int from = near.vertex(i);
            int slot = freeSlot(from);
            if (from != vertex && slot >= 0) {
                if (slot < edges.degree(from)) {
                    named[edges.neighbour(from, slot)]--;
                } else {
                    edges.degree(from, slot + 1);
                }
                edges.begin(from);
                edges.set(from, slot, vertex, near.square(i));
                named[vertex]++;
                return true;
            }
        }
        return false;
    }

    /// A slot that is free, or that of the farthest neighbour which others name too, or -1.
    private int freeSlot(int vertex) {
        int degree = edges.degree(vertex);
        if (degree < BlockLayout.SLOTS) {
            return degree;
        }
        int best = -1;
        float farthest = Float.NEGATIVE_INFINITY;
        for (int slot = 0; slot < degree; slot++) {
            float square = edges.square(vertex, slot);
            if (square > farthest && named[edges.neighbour(vertex, slot)] > 1) {
                farthest = square;
                best = slot;
            }
        }
        return best;
    }
}
