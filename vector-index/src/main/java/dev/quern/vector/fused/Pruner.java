package dev.quern.vector.fused;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// Chooses a vertex's neighbours among candidates. Used by one thread.
///
/// A candidate that is nearer to a neighbour already chosen than to the vertex adds little: a walk
/// gets to it through that neighbour. Leaving such ones out spreads the few slots over all
/// directions. Slots that stay free then go to the nearest of those left out, at first only to
/// those that are not far nearer to a chosen one: a block is read whole, so a free slot is a waste.
final class Pruner {
    /// A candidate is left out when its squared length to a chosen neighbour, times this, is less
    /// than that to the vertex. A little above 1 keeps more long edges: recall at 80 candidates was
    /// .966 with 1, .974 with 1.1 (100,000 x 384, one build each, sampling error about .0015).
    private static final float STRICT = 1.1f;

    private static final float RELAXED = 1.2f;

    /// Of vertices that are equal to the vertex, so that they do not take every slot.
    private static final int MAX_EQUAL = 4;

    private final Kernel kernel;
    private final Blocks blocks;
    private final Measure measure;
    private final float[] vector;

    /// Those chosen that are settled, which a settled candidate need not be compared with.
    private final Rows settled;

    private final Rows others;
    private final float[] toRows = new float[Kernel.GROUP];
    private final int[] chosen = new int[BlockLayout.SLOTS];
    private final float[] squares = new float[BlockLayout.SLOTS];
    private boolean[] taken = new boolean[256];

    /// By candidate: the least squared length to one of those chosen that was seen so far.
    private float[] least = new float[256];

    private int count;
    private int firm;

    /// The vectors of some of those chosen, one after another, so that a candidate is compared with
    /// [Kernel#GROUP] of them at once; beyond the last lie those of an earlier choice.
    private static final class Rows {
        final float[] vectors;
        final float[] lifts = new float[BlockLayout.SLOTS];
        int count;

        Rows(int width) {
            this.vectors = new float[BlockLayout.SLOTS * width];
        }

        void add(float[] vector, float lift) {
            System.arraycopy(vector, 0, vectors, count * vector.length, vector.length);
            lifts[count++] = lift;
        }
    }

    Pruner(Kernel kernel, Blocks blocks, Measure measure) {
        this.kernel = kernel;
        this.blocks = blocks;
        this.measure = measure;
        int width = blocks.layout().width();
        this.vector = new float[width];
        this.settled = new Rows(width);
        this.others = new Rows(width);
    }

    /// Chooses among sorted candidates for a vertex, which may be one of them.
    ///
    /// @param fill whether to fill free slots
    void choose(int vertex, Candidates candidates, boolean fill) {
        if (taken.length < candidates.size()) {
            taken = new boolean[candidates.size() * 2];
            least = new float[candidates.size() * 2];
        }
        Arrays.fill(taken, 0, candidates.size(), false);
        Arrays.fill(least, 0, candidates.size(), Float.POSITIVE_INFINITY);
        count = 0;
        settled.count = 0;
        others.count = 0;
        pass(vertex, candidates, STRICT);
        firm = count;
        if (fill && count < BlockLayout.SLOTS) {
            pass(vertex, candidates, RELAXED);
            for (int i = 0; i < candidates.size() && count < BlockLayout.SLOTS; i++) {
                if (!taken[i] && candidates.vertex(i) != vertex) {
                    take(candidates, i);
                }
            }
        }
    }

    private void pass(int vertex, Candidates candidates, float slack) {
        int equal = 0;
        for (int i = 0; i < candidates.size() && count < BlockLayout.SLOTS; i++) {
            int candidate = candidates.vertex(i);
            if (taken[i] || candidate == vertex) {
                continue;
            }
            float square = candidates.square(i);
            if (square == 0 && ++equal > MAX_EQUAL) {
                continue;
            }
            float limit = square / slack;
            if (least[i] < limit) {
                continue;
            }
            MemorySegment.copy(
                    blocks.memory(), Kernel.FLOAT, blocks.at(candidate), vector, 0, vector.length);
            boolean known = candidates.isSettled(i);
            float lift = measure.lift(candidate);
            least[i] = nearest(others, lift, limit);
            if (!known && least[i] >= limit) {
                least[i] = Math.min(least[i], nearest(settled, lift, limit));
            }
            if (least[i] >= limit) {
                (known ? settled : others).add(vector, lift);
                take(candidates, i);
            }
        }
    }

    private void take(Candidates candidates, int i) {
        chosen[count] = candidates.vertex(i);
        squares[count++] = candidates.square(i);
        taken[i] = true;
    }

    /// The least squared length of [#vector] to some rows, or the first that is below a limit.
    private float nearest(Rows rows, float lift, float limit) {
        float nearest = Float.POSITIVE_INFINITY;
        for (int from = 0; from < rows.count && nearest >= limit; from += Kernel.GROUP) {
            int at = from * vector.length;
            int group = Math.min(rows.count - from, Kernel.GROUP);
            if (measure.inner()) {
                kernel.dotProducts(vector, rows.vectors, at, toRows);
                for (int i = 0; i < group; i++) {
                    float product = toRows[i] + lift * rows.lifts[from + i];
                    nearest = Math.min(nearest, measure.square(-product));
                }
            } else {
                kernel.squareDistances(vector, rows.vectors, at, toRows);
                for (int i = 0; i < group; i++) {
                    nearest = Math.min(nearest, toRows[i]);
                }
            }
        }
        return nearest;
    }

    int count() {
        return count;
    }

    /// The first of those chosen, which were not left out at first.
    int firm() {
        return firm;
    }

    int vertex(int i) {
        return chosen[i];
    }

    float square(int i) {
        return squares[i];
    }

    int[] vertices() {
        return Arrays.copyOf(chosen, count);
    }

    float[] squares() {
        return Arrays.copyOf(squares, count);
    }
}
