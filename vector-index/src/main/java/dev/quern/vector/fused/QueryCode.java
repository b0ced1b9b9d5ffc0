package dev.quern.vector.fused;

/// A query as the walk uses it: rotated, and its coordinates once more as 4-bit numbers in bit
/// planes. Coordinate x is about `h * (2u - 15)` with u from 0 to 15 and h a fifteenth of the
/// largest magnitude, so that bit p of u stands for `+-2^p * h`, and the inner product with the
/// signs of a code is `h * (15 * width - 2 * S)`, where S sums `2^p` times the number of bits in
/// which the code and plane p differ. Reused between queries by one thread at a time.
final class QueryCode {
    static final int PLANES = 4;
    private static final int MAX_LEVEL = (1 << PLANES) - 1;

    /// The rotated query.
    final float[] vector;

    /// Word w of plane p is at `4w + p`.
    final int[] planes;

    /// Of the inner product with a code: `start - step * S`.
    float start;

    float step;

    private final float[] spare;

    QueryCode(int width) {
        vector = new float[width];
        spare = new float[width];
        planes = new int[width / Integer.SIZE * PLANES];
    }

    /// Takes a query in the caller's coordinates.
    ///
    /// @param scale multiplies it first
    void set(float[] query, float scale, Rotation rotation) {
        rotation.apply(query, scale, spare, vector);
        quantise();
    }

    /// Fills the planes from [#vector].
    void quantise() {
        float max = 0;
        for (float x : vector) {
            max = Math.max(max, Math.abs(x));
        }
        float half = max / MAX_LEVEL;
        start = half * (MAX_LEVEL * vector.length);
        step = 2 * half;
        float scale = max > 0 ? MAX_LEVEL / (2 * max) : 0;
        for (int word = 0; word < planes.length / PLANES; word++) {
            int p0 = 0;
            int p1 = 0;
            int p2 = 0;
            int p3 = 0;
            for (int bit = 0; bit < Integer.SIZE; bit++) {
                float x = vector[word * Integer.SIZE + bit];
                // Rounds half up; the operand is never below 0 but for rounding.
                int level = Math.clamp((int) (x * scale + (MAX_LEVEL / 2f + 0.5f)), 0, MAX_LEVEL);
                p0 |= (level & 1) << bit;
                p1 |= (level >> 1 & 1) << bit;
                p2 |= (level >> 2 & 1) << bit;
                p3 |= (level >> 3) << bit;
            }
            planes[word * PLANES] = p0;
            planes[word * PLANES + 1] = p1;
            planes[word * PLANES + 2] = p2;
            planes[word * PLANES + 3] = p3;
        }
    }
}
