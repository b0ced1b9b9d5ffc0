package dev.quern.vector.fused;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/// For machines with vectors of 512 bits. The only class that names `jdk.incubator.vector`; it is
/// loaded by name, so that without the module nothing else fails.
final class WideKernel extends Kernel {
    private static final VectorSpecies<Float> F = FloatVector.SPECIES_512;
    private static final VectorSpecies<Integer> I = IntVector.SPECIES_512;
    private static final VectorSpecies<Long> L = LongVector.SPECIES_512;
    private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
    private static final VectorShuffle<Float> SWAP_8 = VectorShuffle.fromOp(F, i -> i ^ 8);
    private static final VectorShuffle<Float> SWAP_4 = VectorShuffle.fromOp(F, i -> i ^ 4);
    private static final VectorShuffle<Float> SWAP_2 = VectorShuffle.fromOp(F, i -> i ^ 2);
    private static final VectorShuffle<Float> SWAP_1 = VectorShuffle.fromOp(F, i -> i ^ 1);

    private static final FloatVector SIGNS_8 = signs(8);
    private static final FloatVector SIGNS_4 = signs(4);
    private static final FloatVector SIGNS_2 = signs(2);
    private static final FloatVector SIGNS_1 = signs(1);

    /// Bytes of a vector.
    private static final int STEP = 64;

    /// -1 in the lanes whose number has this bit, 1 in the others.
    private static FloatVector signs(int bit) {
        float[] signs = new float[LANES];
        for (int i = 0; i < LANES; i++) {
            signs[i] = (i & bit) == 0 ? 1 : -1;
        }
        return load(signs, 0);
    }

    @Override
    boolean runsHere() {
        return VectorShape.preferredShape() == VectorShape.S_512_BIT;
    }

    @Override
    float squareDistance(float[] vector, MemorySegment blocks, long at) {
        FloatVector s0 = FloatVector.zero(F);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        for (int i = 0; i < vector.length; i += PARTIAL_SUMS) {
            long from = at + (long) i * Float.BYTES;
            FloatVector d0 = load(vector, i).sub(load(blocks, from));
            FloatVector d1 = load(vector, i + LANES).sub(load(blocks, from + STEP));
            FloatVector d2 = load(vector, i + 2 * LANES).sub(load(blocks, from + 2 * STEP));
            FloatVector d3 = load(vector, i + 3 * LANES).sub(load(blocks, from + 3 * STEP));
            s0 = s0.add(d0.mul(d0));
            s1 = s1.add(d1.mul(d1));
            s2 = s2.add(d2.mul(d2));
            s3 = s3.add(d3.mul(d3));
        }
        return fold(s0.add(s1).add(s2.add(s3)));
    }

    @Override
    float dotProduct(float[] vector, MemorySegment blocks, long at) {
        FloatVector s0 = FloatVector.zero(F);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        for (int i = 0; i < vector.length; i += PARTIAL_SUMS) {
            long from = at + (long) i * Float.BYTES;
            s0 = s0.add(load(vector, i).mul(load(blocks, from)));
            s1 = s1.add(load(vector, i + LANES).mul(load(blocks, from + STEP)));
            s2 = s2.add(load(vector, i + 2 * LANES).mul(load(blocks, from + 2 * STEP)));
            s3 = s3.add(load(vector, i + 3 * LANES).mul(load(blocks, from + 3 * STEP)));
        }
        return fold(s0.add(s1).add(s2.add(s3)));
    }

    @Override
    void squareDistances(float[] vector, float[] rows, int at, float[] squares) {
        FloatVector s0 = FloatVector.zero(F);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        int width = vector.length;
        for (int i = 0; i < width; i += LANES) {
            FloatVector x = load(vector, i);
            FloatVector d0 = x.sub(load(rows, at + i));
            FloatVector d1 = x.sub(load(rows, at + width + i));
            FloatVector d2 = x.sub(load(rows, at + 2 * width + i));
            FloatVector d3 = x.sub(load(rows, at + 3 * width + i));
            s0 = s0.add(d0.mul(d0));
            s1 = s1.add(d1.mul(d1));
            s2 = s2.add(d2.mul(d2));
            s3 = s3.add(d3.mul(d3));
        }
        squares[0] = fold(s0);
        squares[1] = fold(s1);
        squares[2] = fold(s2);
        squares[3] = fold(s3);
    }

    @Override
    void dotProducts(float[] vector, float[] rows, int at, float[] products) {
        FloatVector s0 = FloatVector.zero(F);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        int width = vector.length;
        for (int i = 0; i < width; i += LANES) {
            FloatVector x = load(vector, i);
            s0 = s0.add(x.mul(load(rows, at + i)));
            s1 = s1.add(x.mul(load(rows, at + width + i)));
            s2 = s2.add(x.mul(load(rows, at + 2 * width + i)));
            s3 = s3.add(x.mul(load(rows, at + 3 * width + i)));
        }
        products[0] = fold(s0);
        products[1] = fold(s1);
        products[2] = fold(s2);
        products[3] = fold(s3);
    }

    @Override
    int estimate(
            QueryCode query,
            MemorySegment blocks,
            long block,
            float base,
            float bound,
            float[] estimates) {
        IntVector a0 = IntVector.zero(I);
        IntVector a1 = a0;
        IntVector a2 = a0;
        IntVector a3 = a0;
        IntVector b0 = a0;
        IntVector b1 = a0;
        IntVector b2 = a0;
        IntVector b3 = a0;
        int[] planes = query.planes;
        long at = block + (long) query.vector.length * Float.BYTES;
        for (int p = 0; p < planes.length; p += QueryCode.PLANES) {
            IntVector a = IntVector.fromMemorySegment(I, blocks, at, ORDER);
            IntVector b = IntVector.fromMemorySegment(I, blocks, at + STEP, ORDER);
            IntVector p0 = IntVector.broadcast(I, planes[p]);
            IntVector p1 = IntVector.broadcast(I, planes[p + 1]);
            IntVector p2 = IntVector.broadcast(I, planes[p + 2]);
            IntVector p3 = IntVector.broadcast(I, planes[p + 3]);
            a0 = a0.add(differing(a, p0));
            b0 = b0.add(differing(b, p0));
            a1 = a1.add(differing(a, p1));
            b1 = b1.add(differing(b, p1));
            a2 = a2.add(differing(a, p2));
            b2 = b2.add(differing(b, p2));
            a3 = a3.add(differing(a, p3));
            b3 = b3.add(differing(b, p3));
            at += BlockLayout.ROW_BYTES;
        }
        sums(a0, a1, a2, a3).intoArray(estimates, 0);
        sums(b0, b1, b2, b3).intoArray(estimates, LANES);
        return below(query, blocks, at, base, bound, estimates);
    }

    private static FloatVector sums(IntVector s0, IntVector s1, IntVector s2, IntVector s3) {
        IntVector sums =
                s0.add(s1.lanewise(VectorOperators.LSHL, 1))
                        .add(s2.lanewise(VectorOperators.LSHL, 2))
                        .add(s3.lanewise(VectorOperators.LSHL, 3));
        return (FloatVector) sums.convert(VectorOperators.I2F, 0);
    }

    /// Makes estimates of sums. A method of its own: the compiler gives up on larger ones, and then
    /// puts vectors on the heap.
    private static int below(
            QueryCode query,
            MemorySegment blocks,
            long at,
            float base,
            float bound,
            float[] estimates) {
        long below = 0;
        for (int i = 0; i < BlockLayout.SLOTS; i += LANES) {
            long from = at + (long) i * Float.BYTES;
            FloatVector inner =
                    FloatVector.broadcast(F, query.start).sub(load(estimates, i).mul(query.step));
            FloatVector constant = load(blocks, from).add(base);
            FloatVector estimate =
                    constant.add(load(blocks, from + BlockLayout.ROW_BYTES).mul(inner));
            estimate.intoArray(estimates, i);
            below |= estimate.compare(VectorOperators.LT, bound).toLong() << i;
        }
        return (int) below;
    }

    /// A row at a time where it is a whole number of registers; what is no code is masked out.
    @Override
    void differing(
            CodeTable.Codes codes, CodePlanes query, int[] vertices, int count, int[] differing) {
        if (codes.rowBytes() % STEP != 0) {
            super.differing(codes, query, vertices, count, differing);
            return;
        }
        for (int i = 0; i < count; i++) {
            long row = codes.at(vertices[i]);
            LongVector sum = LongVector.zero(L);
            for (int w = 0; w < query.stride(); w += L.length()) {
                long at = row + (long) w * Long.BYTES;
                LongVector code = LongVector.fromMemorySegment(L, codes.memory(), at, ORDER);
                LongVector low = differing(code, query, 0, w).add(differing(code, query, 1, w));
                LongVector high = differing(code, query, 2, w).add(differing(code, query, 3, w));
                LongVector mask =
                        LongVector.fromArray(L, query.longs(), query.at(QueryCode.PLANES) + w);
                sum = sum.add(low.add(high).and(mask));
            }
            differing[i] = (int) sum.reduceLanes(VectorOperators.ADD);
        }
    }

    @Override
    long least(long[] numbers, int count, long gone) {
        LongVector none = LongVector.broadcast(L, Long.MAX_VALUE);
        LongVector least = none;
        LongVector other = none;
        for (int i = 0; i < count; i += LANES) {
            LongVector a = without(numbers, i, gone, none);
            LongVector b = without(numbers, i + LANES / 2, gone, none);
            least = least.min(a);
            other = other.min(b);
        }
        return least.min(other).reduceLanes(VectorOperators.MIN);
    }

    private static LongVector without(long[] numbers, int at, long gone, LongVector none) {
        LongVector all = LongVector.fromArray(L, numbers, at);
        LongVector left = all.blend(none, all.compare(VectorOperators.EQ, gone));
        left.intoArray(numbers, at);
        return left;
    }

    private static LongVector differing(LongVector code, CodePlanes query, int plane, int word) {
        return code.lanewise(
                        VectorOperators.XOR,
                        LongVector.fromArray(L, query.longs(), query.at(plane) + word))
                .lanewise(VectorOperators.BIT_COUNT)
                .lanewise(VectorOperators.LSHL, plane);
    }

    private static IntVector differing(IntVector code, IntVector plane) {
        return code.lanewise(VectorOperators.XOR, plane).lanewise(VectorOperators.BIT_COUNT);
    }

    @Override
    void turn(int[] source, float[] signs, float[] from, float[] to) {
        // In three loops of their own: in one, the compiler gave up and put vectors on the heap.
        permute(source, signs, from, to);
        cross(to);
        within(to);
    }

    private static void permute(int[] source, float[] signs, float[] from, float[] to) {
        for (int i = 0; i < to.length; i += LANES) {
            FloatVector.fromArray(F, from, 0, source, i).mul(load(signs, i)).intoArray(to, i);
        }
    }

    /// The steps of 32 and 16.
    private static void cross(float[] to) {
        for (int i = 0; i < to.length; i += PARTIAL_SUMS) {
            FloatVector a = load(to, i);
            FloatVector b = load(to, i + LANES);
            FloatVector c = load(to, i + 2 * LANES);
            FloatVector d = load(to, i + 3 * LANES);
            FloatVector sumAc = a.add(c);
            FloatVector sumBd = b.add(d);
            FloatVector lessAc = a.sub(c);
            FloatVector lessBd = b.sub(d);
            sumAc.add(sumBd).intoArray(to, i);
            sumAc.sub(sumBd).intoArray(to, i + LANES);
            lessAc.add(lessBd).intoArray(to, i + 2 * LANES);
            lessAc.sub(lessBd).intoArray(to, i + 3 * LANES);
        }
    }

    /// The steps of 8, 4, 2 and 1.
    private static void within(float[] to) {
        for (int i = 0; i < to.length; i += LANES) {
            FloatVector x = load(to, i);
            x = x.rearrange(SWAP_8).add(x.mul(SIGNS_8));
            x = x.rearrange(SWAP_4).add(x.mul(SIGNS_4));
            x = x.rearrange(SWAP_2).add(x.mul(SIGNS_2));
            x.rearrange(SWAP_1).add(x.mul(SIGNS_1)).intoArray(to, i);
        }
    }

    @Override
    float largest(float[] vector) {
        FloatVector max = FloatVector.zero(F);
        for (int i = 0; i < vector.length; i += LANES) {
            max = max.max(load(vector, i).abs());
        }
        return max.reduceLanes(VectorOperators.MAX);
    }

    @Override
    void quantise(float[] vector, float scale, int[] planes) {
        for (int i = 0; i < vector.length; i += Integer.SIZE) {
            IntVector low = levels(vector, scale, i);
            IntVector high = levels(vector, scale, i + LANES);
            int word = i / Integer.SIZE * QueryCode.PLANES;
            planes[word] = bits(low, high, 1);
            planes[word + 1] = bits(low, high, 2);
            planes[word + 2] = bits(low, high, 4);
            planes[word + 3] = bits(low, high, 8);
        }
    }

    private static IntVector levels(float[] vector, float scale, int at) {
        FloatVector scaled = load(vector, at).mul(scale).add(8f);
        return ((IntVector) scaled.convert(VectorOperators.F2I, 0)).max(0).min(QueryCode.MAX_LEVEL);
    }

    private static int bits(IntVector low, IntVector high, int bit) {
        long lower = low.and(bit).compare(VectorOperators.NE, 0).toLong();
        return (int) (lower | high.and(bit).compare(VectorOperators.NE, 0).toLong() << LANES);
    }

    @Override
    void encode(float[] vertex, float[] neighbour, int[] code, float[] sums) {
        FloatVector squares = FloatVector.zero(F);
        FloatVector magnitudes = squares;
        FloatVector signs = squares;
        FloatVector products = squares;
        for (int i = 0; i < vertex.length; i += Integer.SIZE) {
            FloatVector v = load(vertex, i);
            FloatVector r = load(neighbour, i).sub(v);
            VectorMask<Float> positive = r.compare(VectorOperators.GE, 0);
            long bits = positive.toLong();
            squares = squares.add(r.mul(r));
            magnitudes = magnitudes.add(r.abs());
            signs = signs.add(v.neg().blend(v, positive));
            products = products.add(r.mul(v));

            v = load(vertex, i + LANES);
            r = load(neighbour, i + LANES).sub(v);
            positive = r.compare(VectorOperators.GE, 0);
            bits |= positive.toLong() << LANES;
            squares = squares.add(r.mul(r));
            magnitudes = magnitudes.add(r.abs());
            signs = signs.add(v.neg().blend(v, positive));
            products = products.add(r.mul(v));
            code[i / Integer.SIZE] = (int) bits;
        }
        sums[0] = fold(squares);
        sums[1] = fold(magnitudes);
        sums[2] = fold(signs);
        sums[3] = fold(products);
    }

    private static FloatVector load(float[] array, int at) {
        return FloatVector.fromArray(F, array, at);
    }

    private static FloatVector load(MemorySegment blocks, long at) {
        return FloatVector.fromMemorySegment(F, blocks, at, ORDER);
    }

    private static float fold(FloatVector sums) {
        FloatVector eight = sums.add(sums.rearrange(SWAP_8));
        FloatVector four = eight.add(eight.rearrange(SWAP_4));
        FloatVector two = four.add(four.rearrange(SWAP_2));
        return two.add(two.rearrange(SWAP_1)).lane(0);
    }
}
