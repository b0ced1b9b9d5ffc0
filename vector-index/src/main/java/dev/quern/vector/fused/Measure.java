package dev.quern.vector.fused;

import java.lang.foreign.MemorySegment;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.util.VectorUtil;
import org.jspecify.annotations.Nullable;

/// What near means. A walk ranks by `distance`: the squared Euclidean distance, or minus the inner
/// product. Choosing edges needs a true metric; [#square] makes one of a distance between vertices.
///
/// Inner products are ranked like the distances between vectors that all have the length M of the
/// longest: a vertex v gets the extra coordinate `sqrt(M^2 - |v|^2)`, its lift, and a query gets 0.
/// So a search needs no lift, and a build takes the product of both lifts off the distance.
///
/// @param inner by inner product, else by squared Euclidean distance
/// @param maxSquare M^2 under inner product
/// @param lifts by vertex, while a graph is built whose vectors differ in length
record Measure(boolean inner, float maxSquare, float @Nullable [] lifts) {
    /// Squared lengths that differ by less count as equal.
    private static final float EVEN = 0.999f;

    /// For a search.
    static Measure of(boolean inner) {
        return new Measure(inner, 0, null);
    }

    /// For a build by inner product.
    ///
    /// @param squares squared lengths by vertex; overwritten
    static Measure forBuild(float[] squares) {
        float max = 0;
        float min = Float.POSITIVE_INFINITY;
        for (float square : squares) {
            max = Math.max(max, square);
            min = Math.min(min, square);
        }
        if (min >= max * EVEN) {
            return new Measure(true, max, null);
        }
        for (int i = 0; i < squares.length; i++) {
            squares[i] = (float) Math.sqrt(max - squares[i]);
        }
        return new Measure(true, max, squares);
    }

    /// The distance of a vector to a vertex.
    ///
    /// @param lift of the vector
    float distance(Kernel kernel, float[] vector, float lift, Blocks blocks, int vertex) {
        long at = blocks.at(vertex);
        MemorySegment memory = blocks.memory();
        if (!inner) {
            return kernel.squareDistance(vector, memory, at);
        }
        float distance = -kernel.dotProduct(vector, memory, at);
        return lifts == null ? distance : distance - lift * lifts[vertex];
    }

    /// Lucene's score for a distance.
    static float score(VectorSimilarityFunction similarity, float distance) {
        return switch (similarity) {
            case EUCLIDEAN -> 1 / (1 + Math.max(distance, 0));
            case DOT_PRODUCT, COSINE -> Math.max((1 - distance) / 2, 0);
            case MAXIMUM_INNER_PRODUCT -> VectorUtil.scaleMaxInnerProductScore(-distance);
        };
    }

    /// The distance whose square is larger by a share.
    ///
    /// @param similarity one under which distances have squares: all vectors have length 1, or it
    ///   is Euclidean
    static float beyond(VectorSimilarityFunction similarity, float distance, float share) {
        return similarity == VectorSimilarityFunction.EUCLIDEAN
                ? distance * (1 + share)
                // Half of the square is 1 more than the distance.
                : distance + share * Math.max(0, 1 + distance);
    }

    /// The squared length between two vertices at a distance, 0 or more.
    float square(float distance) {
        return inner ? Math.max(0, 2 * (maxSquare + distance)) : distance;
    }

    float lift(int vertex) {
        return lifts == null ? 0 : lifts[vertex];
    }
}
