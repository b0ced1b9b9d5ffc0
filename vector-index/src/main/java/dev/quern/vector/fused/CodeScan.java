package dev.quern.vector.fused;

import java.io.IOException;
import java.util.Arrays;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.util.NumericUtils;

/// One search of a [CodeTable] at a time: estimates the distance to every vertex that matches, then
/// hands out the nearest by estimate, to be compared exactly. Holds the memory that a search needs.
/// Not thread-safe.
final class CodeScan {
    /// By how much an estimate errs, about: this times the factor of the code times the length of
    /// the query less the mean is its standard deviation. A code of a residual in a random
    /// direction has a cosine of .8 to it, whose tangent is .75, and `.75 * .8 = .6`.
    private static final float DEVIATION = 0.6f;

    /// A candidate that could only be among the nearest if its estimate were off by more deviations
    /// than this is not compared.
    private static final float DEVIATIONS = 2.5f;

    private static final int BATCH = 256;

    /// Takes vertices, nearest by estimate first.
    interface Visitor {
        /// Compares a vertex.
        ///
        /// @param least its distance is hardly less
        /// @return whether to go on
        boolean visit(int vertex, float least) throws IOException;
    }

    private final Kernel kernel;
    private final CodePlanes planes;
    private final int[] vertices = new int[BATCH];
    private final int[] differing = new int[BATCH];

    /// The nearest so far, the farthest on top: an estimate as a sortable int, then the vertex.
    private long[] nearest = new long[0];

    private int size;
    private int capacity;

    CodeScan(Kernel kernel, int width) {
        this.kernel = kernel;
        this.planes = new CodePlanes(width);
    }

    /// Compares codes, then vectors.
    ///
    /// @param matching vertices, ascending
    /// @param most vertices to hand out, 1 or more
    /// @return codes that were compared
    int run(
            CodeTable.Codes codes,
            boolean inner,
            QueryCode query,
            DocIdSetIterator matching,
            int most,
            Visitor visitor)
            throws IOException {
        planes.set(query);
        if (nearest.length < most) {
            nearest = new long[most];
        }
        capacity = most;
        size = 0;
        float square = 0;
        float product = 0;
        for (int i = 0; i < codes.mean().length; i++) {
            float mean = codes.mean()[i];
            square += (query.vector[i] - mean) * (query.vector[i] - mean);
            product += query.vector[i] * mean;
        }
        int compared = estimate(codes, query, inner ? -product : square, matching);
        handOut(codes, DEVIATIONS * DEVIATION * (float) Math.sqrt(square), visitor);
        return compared;
    }

    private int estimate(
            CodeTable.Codes codes, QueryCode query, float base, DocIdSetIterator matching)
            throws IOException {
        int compared = 0;
        float bound = Float.POSITIVE_INFINITY;
        for (int count = next(matching); count > 0; count = next(matching)) {
            kernel.differing(codes, planes, vertices, count, differing);
            for (int i = 0; i < count; i++) {
                float estimate = codes.estimate(query, base, vertices[i], differing[i]);
                if (estimate < bound) {
                    add(estimate, vertices[i]);
                    bound = size == capacity ? estimate(nearest[0]) : bound;
                }
            }
            compared += count;
        }
        return compared;
    }

    private int next(DocIdSetIterator matching) throws IOException {
        int count = 0;
        while (count < BATCH && matching.docID() != DocIdSetIterator.NO_MORE_DOCS) {
            int vertex = matching.nextDoc();
            if (vertex != DocIdSetIterator.NO_MORE_DOCS) {
                vertices[count++] = vertex;
            }
        }
        return count;
    }

    private static float estimate(long entry) {
        return NumericUtils.sortableIntToFloat((int) (entry >> 32));
    }

    private void handOut(CodeTable.Codes codes, float error, Visitor visitor) throws IOException {
        Arrays.sort(nearest, 0, size);
        for (int i = 0; i < size; i++) {
            int vertex = (int) nearest[i];
            float least = estimate(nearest[i]) - error * Math.abs(codes.factor(vertex));
            if (!visitor.visit(vertex, least)) {
                return;
            }
        }
    }

    private void add(float estimate, int vertex) {
        long entry =
                (long) NumericUtils.floatToSortableInt(estimate) << 32
                        | Integer.toUnsignedLong(vertex);
        if (size < capacity) {
            rise(entry);
        } else {
            sink(entry);
        }
    }

    private void rise(long entry) {
        int at = size++;
        while (at > 0 && nearest[(at - 1) / 2] < entry) {
            nearest[at] = nearest[(at - 1) / 2];
            at = (at - 1) / 2;
        }
        nearest[at] = entry;
    }

    private void sink(long entry) {
        int at = 0;
        for (int child = 1; child < size; child = 2 * at + 1) {
            if (child + 1 < size && nearest[child + 1] > nearest[child]) {
                child++;
            }
            if (nearest[child] <= entry) {
                break;
            }
            nearest[at] = nearest[child];
            at = child;
        }
        nearest[at] = entry;
    }
}
