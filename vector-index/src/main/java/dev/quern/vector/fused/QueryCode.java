package dev.quern.vector.fused;

/// A query as the walk uses it: rotated, and its coordinates once more as 4-bit numbers in bit
/// planes. Coordinate x is about `h * (2u - 15)` with u from 0 to 15 and h a fifteenth of the
/// largest magnitude, so that bit p of u stands for `+-2^p * h`, and the inner product with the
/// signs of a code is `h * (15 * width - 2 * S)`, where S sums `2^p` times the number of bits in
/// which the code and plane p differ. Reused between queries by one thread at a time.
final class QueryCode {
    static final int PLANES = 4;
    static final int MAX_LEVEL = (1 << PLANES) - 1;

    /// The rotated query.
    final float[] vector;

    /// Word w of plane p is at `4w + p`.
    final int[] planes;

    /// Of the inner product with a code: `start - step * S`.
    float start;

    float step;

    private final Kernel kernel;
    private final float[] spare;

    QueryCode(Kernel kernel, int width) {
        this.kernel = kernel;
        vector = new float[width];
        spare = new float[width];
        planes = new int[width / Integer.SIZE * PLANES];
    }

    /// Takes a query in the caller's coordinates.
    ///
    /// @param scale multiplies it first
    void set(float[] query, float scale, Rotation rotation) {
        rotation.apply(kernel, query, scale, spare, vector);
        quantise();
    }

    /// Fills the planes from [#vector].
    void quantise() {
        float max = kernel.largest(vector);
        float half = max / MAX_LEVEL;
        start = half * (MAX_LEVEL * vector.length);
        step = 2 * half;
        kernel.quantise(vector, max > 0 ? MAX_LEVEL / (2 * max) : 0, planes);
    }
}
