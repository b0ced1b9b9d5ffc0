package dev.quern.vector.fused;

import java.lang.foreign.MemorySegment;

/// Writes neighbours into blocks. The squared lengths of the edges, which only a build needs, lie
/// in memory of their own: 32 floats a vertex, then three ints: the number of edges, a bit for each
/// slot whose edge is firm, and a bit for each whose edge is settled. A loose edge only fills a
/// slot until a better one comes. Settled edges are firm ones that were chosen together, so that
/// none leaves another out. Used by one thread; others may use the same memory for other vertices.
final class Edges {
    /// Bytes of a build's memory for one vertex.
    static final int SIDE_BYTES = (BlockLayout.SLOTS + 3) * Float.BYTES;

    private static final int DEGREE = BlockLayout.SLOTS * Float.BYTES;
    private static final int FIRM = DEGREE + Integer.BYTES;
    private static final int SETTLED = FIRM + Integer.BYTES;

    private final Kernel kernel;
    private final Blocks blocks;
    private final MemorySegment side;
    private final boolean inner;
    private final float[] vertexVector;
    private final float[] neighbourVector;
    private final int[] code;
    private final float[] sums = new float[4];

    Edges(Kernel kernel, Blocks blocks, MemorySegment side, boolean inner) {
        this.kernel = kernel;
        this.blocks = blocks;
        this.side = side;
        this.inner = inner;
        this.vertexVector = new float[blocks.layout().width()];
        this.neighbourVector = new float[blocks.layout().width()];
        this.code = new int[blocks.layout().words()];
    }

    int degree(int vertex) {
        return side.get(Kernel.INT, (long) vertex * SIDE_BYTES + DEGREE);
    }

    int neighbour(int vertex, int slot) {
        return blocks.neighbour(blocks.at(vertex), slot);
    }

    float square(int vertex, int slot) {
        return side.get(Kernel.FLOAT, (long) vertex * SIDE_BYTES + (long) slot * Float.BYTES);
    }

    /// The slot that names a neighbour, or -1.
    int find(int vertex, int neighbour) {
        int degree = degree(vertex);
        for (int slot = 0; slot < degree; slot++) {
            if (neighbour(vertex, slot) == neighbour) {
                return slot;
            }
        }
        return -1;
    }

    int firm(int vertex) {
        return side.get(Kernel.INT, (long) vertex * SIDE_BYTES + FIRM);
    }

    void firm(int vertex, int slots) {
        side.set(Kernel.INT, (long) vertex * SIDE_BYTES + FIRM, slots);
    }

    int settled(int vertex) {
        return side.get(Kernel.INT, (long) vertex * SIDE_BYTES + SETTLED);
    }

    void settled(int vertex, int slots) {
        side.set(Kernel.INT, (long) vertex * SIDE_BYTES + SETTLED, slots);
    }

    void degree(int vertex, int degree) {
        side.set(Kernel.INT, (long) vertex * SIDE_BYTES + DEGREE, degree);
    }

    /// Names the vertex whose slots are set next.
    void begin(int vertex) {
        read(vertex, vertexVector);
    }

    private void read(int vertex, float[] into) {
        MemorySegment.copy(blocks.memory(), Kernel.FLOAT, blocks.at(vertex), into, 0, into.length);
    }

    /// Marks a slot as having no neighbour: it names the vertex itself at an infinite distance.
    void clear(int vertex, int slot) {
        long block = blocks.at(vertex);
        write(block + blocks.layout().ids(), slot, vertex);
        write(block + blocks.layout().constants(), slot, Float.POSITIVE_INFINITY);
        write(block + blocks.layout().factors(), slot, 0f);
    }

    /// Writes a neighbour of the vertex given to [#begin].
    void set(int vertex, int slot, int neighbour, float square) {
        long block = blocks.at(vertex);
        BlockLayout layout = blocks.layout();
        read(neighbour, neighbourVector);
        kernel.encode(vertexVector, neighbourVector, code, sums);
        for (int word = 0; word < code.length; word++) {
            long row = block + layout.codes() + (long) word * BlockLayout.ROW_BYTES;
            write(row, slot, code[word]);
        }
        // A code's estimate of <r, y> is f <s, y>, exact when y is r.
        float f = sums[1] > 0 ? sums[0] / sums[1] : 0;
        float constant = inner ? f * sums[2] - sums[3] : sums[0] + 2 * f * sums[2];
        write(block + layout.constants(), slot, constant);
        write(block + layout.factors(), slot, inner ? -f : -2 * f);
        write(block + layout.ids(), slot, neighbour);
        side.set(Kernel.FLOAT, (long) vertex * SIDE_BYTES + (long) slot * Float.BYTES, square);
    }

    private void write(long row, int slot, int value) {
        blocks.memory().set(Kernel.INT, row + (long) slot * Integer.BYTES, value);
    }

    private void write(long row, int slot, float value) {
        blocks.memory().set(Kernel.FLOAT, row + (long) slot * Float.BYTES, value);
    }
}
