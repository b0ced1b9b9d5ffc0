package dev.quern.vector.fused;

/// A random rotation that costs n log n: three rounds of a random permutation, random signs and a
/// Hadamard transform of each run of 64. It keeps lengths and inner products (up to rounding) and
/// spreads every direction over all coordinates, which is what the error bound of a one-bit code
/// rests on. The same width and seed give the same rotation, bit by bit, on every machine: only
/// additions, subtractions and multiplications by +-1/8 in a fixed order. Immutable.
final class Rotation {
    private static final int ROUNDS = 3;

    /// 1 / sqrt(64), exact in binary.
    private static final float SCALE = 0.125f;

    private final int width;
    private final int[][] sources = new int[ROUNDS][];
    private final float[][] signs = new float[ROUNDS][];

    Rotation(int width, long seed) {
        this.width = width;
        Lcg random = new Lcg(seed);
        for (int round = 0; round < ROUNDS; round++) {
            sources[round] = permutation(width, random);
            signs[round] = new float[width];
            for (int i = 0; i < width; i++) {
                signs[round][i] = random.next(2) == 0 ? SCALE : -SCALE;
            }
        }
    }

    /// A generator written out here, because files depend on its numbers for ever: the 64-bit LCG
    /// of Knuth's MMIX, upper 32 bits.
    private static final class Lcg {
        private long state;

        Lcg(long seed) {
            state = seed;
        }

        int next(int bound) {
            state = state * 6_364_136_223_846_793_005L + 1_442_695_040_888_963_407L;
            return (int) (((state >>> 32) * bound) >>> 32);
        }
    }

    private static int[] permutation(int width, Lcg random) {
        int[] permutation = new int[width];
        for (int i = 0; i < width; i++) {
            int j = random.next(i + 1);
            permutation[i] = permutation[j];
            permutation[j] = i;
        }
        return permutation;
    }

    int width() {
        return width;
    }

    /// Rotates a vector, padded with zeros to the width.
    ///
    /// @param scale multiplies every coordinate first
    /// @param spare of the width, overwritten
    /// @param into of the width, receives the result
    void apply(Kernel kernel, float[] vector, float scale, float[] spare, float[] into) {
        float[] from = spare;
        float[] to = into;
        for (int i = 0; i < width; i++) {
            from[i] = i < vector.length ? vector[i] * scale : 0;
        }
        for (int round = 0; round < ROUNDS; round++) {
            kernel.turn(sources[round], signs[round], from, to);
            float[] swap = from;
            from = to;
            to = swap;
        }
    }
}
