package dev.quern.vector.fused;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// The arithmetic on blocks. Every implementation gives the same bits: integers are integers, and
/// floats are added in the one order written here, without fused multiply-add. Stateless.
///
/// Sums over coordinates have 64 partial sums, coordinate i in number `i % 64`. They are reduced to
/// 16 as `(s[j] + s[j+16]) + (s[j+32] + s[j+48])`, and these by adding the upper half to the lower
/// until one is left.
abstract class Kernel {
    static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    static final int PARTIAL_SUMS = 64;
    static final int LANES = 16;

    /// Rows that are compared with a vector at once.
    static final int GROUP = 4;

    private static final String WIDE = "dev.quern.vector.fused.WideKernel";
    private static final String MODULE = "jdk.incubator.vector";

    /// The quickest one that this machine runs.
    static Kernel best() {
        return Best.KERNEL;
    }

    private static final class Best {
        static final Kernel KERNEL = choose();

        private static Kernel choose() {
            if (Boolean.getBoolean("quern.vector.plain")
                    || ModuleLayer.boot().findModule(MODULE).isEmpty()) {
                return new PlainKernel();
            }
            try {
                // By name, because the class does not link where the module is absent.
                Kernel wide =
                        Class.forName(WIDE, true, Kernel.class.getClassLoader())
                                .asSubclass(Kernel.class)
                                .getDeclaredConstructor()
                                .newInstance();
                return wide.runsHere() ? wide : new PlainKernel();
            } catch (ReflectiveOperationException | LinkageError e) {
                return new PlainKernel();
            }
        }
    }

    /// Whether this machine runs it at its full speed.
    abstract boolean runsHere();

    /// The squared Euclidean distance between a vector and the one at an offset.
    abstract float squareDistance(float[] vector, MemorySegment blocks, long at);

    /// The inner product of a vector and the one at an offset.
    abstract float dotProduct(float[] vector, MemorySegment blocks, long at);

    /// The squared Euclidean distances between a vector and [#GROUP] rows that lie one after
    /// another, each from 16 partial sums, coordinate i in number `i % 16`, which are reduced as
    /// above.
    ///
    /// @param rows each as long as the vector
    /// @param at index of the first row's first coordinate
    /// @param squares receives them from index 0
    abstract void squareDistances(float[] vector, float[] rows, int at, float[] squares);

    /// The inner products of a vector and [#GROUP] rows, summed as their squared distances are.
    ///
    /// @param products receives them from index 0
    abstract void dotProducts(float[] vector, float[] rows, int at, float[] products);

    /// Estimates the distances of a query to the neighbours in a block.
    ///
    /// @param block offset of the block
    /// @param base the query's exact distance to the block's own vector
    /// @param bound estimates that are not below this are of no interest
    /// @param estimates receives all 32
    /// @return bit s is set when estimate s is below the bound
    abstract int estimate(
            QueryCode query,
            MemorySegment blocks,
            long block,
            float base,
            float bound,
            float[] estimates);

    /// Counts the bits in which codes and a query differ: for each code the sum over planes p of
    /// `2^p` times the number of bits in which both differ.
    ///
    /// @param vertices the first `count` are looked up
    /// @param differing receives as many sums
    void differing(
            CodeTable.Codes codes, CodePlanes query, int[] vertices, int count, int[] differing) {
        for (int i = 0; i < count; i++) {
            long row = codes.at(vertices[i]);
            int sum = 0;
            for (int word = 1; word <= query.words(); word++) {
                long code = codes.memory().get(LONG, row + (long) word * Long.BYTES);
                for (int plane = 0; plane < QueryCode.PLANES; plane++) {
                    sum += Long.bitCount(code ^ query.plane(plane, word)) << plane;
                }
            }
            differing[i] = sum;
        }
    }

    /// The least of some numbers but one, which becomes the greatest that a long can be.
    ///
    /// @param numbers the first `count` are looked at; those after them up to a multiple of
    ///   [#LANES] are as great
    long least(long[] numbers, int count, long gone) {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < count; i++) {
            long number = numbers[i] == gone ? Long.MAX_VALUE : numbers[i];
            numbers[i] = number;
            least = Math.min(least, number);
        }
        return least;
    }

    /// One round of a rotation: `to[i] = from[source[i]] * signs[i]`, then a Hadamard transform of
    /// each run of 64, in steps of 32, 16, 8, 4, 2 and 1, as sums into the lower and differences
    /// into the upper half of each step.
    abstract void turn(int[] source, float[] signs, float[] from, float[] to);

    /// The largest magnitude.
    abstract float largest(float[] vector);

    /// Fills bit planes with the levels of a vector, `(int) (x * scale + 8)` clamped to 0 to 15.
    ///
    /// @param planes receives bit p of the level of coordinate i at bit `i % 32` of int `4 * (i /
    ///   32) + p`
    abstract void quantise(float[] vector, float scale, int[] planes);

    /// Makes the one-bit code of a residual, `neighbour - vertex`.
    ///
    /// @param code receives bit i % 32 of word i / 32: whether coordinate i is at least 0
    /// @param sums receives the residual's squared length, its sum of magnitudes, the inner product
    ///   of its signs and the vertex, and of itself and the vertex
    abstract void encode(float[] vertex, float[] neighbour, int[] code, float[] sums);
}
