package dev.quern.vector.fused;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// Runs everywhere. Its loops over arrays are of the shape that the compiler turns into the vector
/// instructions of the machine by itself.
final class PlainKernel extends Kernel {
    @Override
    boolean runsHere() {
        return true;
    }

    @Override
    float squareDistance(float[] vector, MemorySegment blocks, long at) {
        float[] sums = new float[PARTIAL_SUMS];
        float[] run = new float[PARTIAL_SUMS];
        for (int i = 0; i < vector.length; i += PARTIAL_SUMS) {
            MemorySegment.copy(blocks, FLOAT, at + (long) i * Float.BYTES, run, 0, PARTIAL_SUMS);
            for (int j = 0; j < PARTIAL_SUMS; j++) {
                float d = vector[i + j] - run[j];
                sums[j] += d * d;
            }
        }
        return reduce(sums);
    }

    @Override
    float dotProduct(float[] vector, MemorySegment blocks, long at) {
        float[] sums = new float[PARTIAL_SUMS];
        float[] run = new float[PARTIAL_SUMS];
        for (int i = 0; i < vector.length; i += PARTIAL_SUMS) {
            MemorySegment.copy(blocks, FLOAT, at + (long) i * Float.BYTES, run, 0, PARTIAL_SUMS);
            for (int j = 0; j < PARTIAL_SUMS; j++) {
                sums[j] += vector[i + j] * run[j];
            }
        }
        return reduce(sums);
    }

    @Override
    void squareDistances(float[] vector, float[] rows, int at, float[] squares) {
        for (int row = 0; row < GROUP; row++) {
            int from = at + row * vector.length;
            float[] sums = new float[LANES];
            for (int i = 0; i < vector.length; i += LANES) {
                for (int j = 0; j < LANES; j++) {
                    float d = vector[i + j] - rows[from + i + j];
                    sums[j] += d * d;
                }
            }
            squares[row] = fold(sums);
        }
    }

    @Override
    void dotProducts(float[] vector, float[] rows, int at, float[] products) {
        for (int row = 0; row < GROUP; row++) {
            int from = at + row * vector.length;
            float[] sums = new float[LANES];
            for (int i = 0; i < vector.length; i += LANES) {
                for (int j = 0; j < LANES; j++) {
                    sums[j] += vector[i + j] * rows[from + i + j];
                }
            }
            products[row] = fold(sums);
        }
    }

    @Override
    int estimate(
            QueryCode query,
            MemorySegment blocks,
            long block,
            float base,
            float bound,
            float[] estimates) {
        int words = query.vector.length / Integer.SIZE;
        long codes = block + (long) query.vector.length * Float.BYTES;
        int[] differing = new int[BlockLayout.SLOTS];
        int[] word = new int[BlockLayout.SLOTS];
        for (int w = 0; w < words; w++) {
            MemorySegment.copy(
                    blocks,
                    INT,
                    codes + (long) w * BlockLayout.ROW_BYTES,
                    word,
                    0,
                    BlockLayout.SLOTS);
            int p0 = query.planes[w * QueryCode.PLANES];
            int p1 = query.planes[w * QueryCode.PLANES + 1];
            int p2 = query.planes[w * QueryCode.PLANES + 2];
            int p3 = query.planes[w * QueryCode.PLANES + 3];
            for (int s = 0; s < BlockLayout.SLOTS; s++) {
                int code = word[s];
                differing[s] +=
                        Integer.bitCount(code ^ p0)
                                + (Integer.bitCount(code ^ p1) << 1)
                                + (Integer.bitCount(code ^ p2) << 2)
                                + (Integer.bitCount(code ^ p3) << 3);
            }
        }
        long constants = codes + (long) words * BlockLayout.ROW_BYTES;
        long factors = constants + BlockLayout.ROW_BYTES;
        int below = 0;
        for (int s = 0; s < BlockLayout.SLOTS; s++) {
            float constant = blocks.get(FLOAT, constants + (long) s * Float.BYTES);
            float factor = blocks.get(FLOAT, factors + (long) s * Float.BYTES);
            float inner = query.start - differing[s] * query.step;
            float estimate = (constant + base) + factor * inner;
            estimates[s] = estimate;
            below |= estimate < bound ? 1 << s : 0;
        }
        return below;
    }

    @Override
    void turn(int[] source, float[] signs, float[] from, float[] to) {
        for (int i = 0; i < to.length; i++) {
            to[i] = from[source[i]] * signs[i];
        }
        for (int run = 0; run < to.length; run += PARTIAL_SUMS) {
            for (int half = PARTIAL_SUMS / 2; half > 0; half /= 2) {
                for (int block = run; block < run + PARTIAL_SUMS; block += 2 * half) {
                    for (int i = block; i < block + half; i++) {
                        float a = to[i];
                        float b = to[i + half];
                        to[i] = a + b;
                        to[i + half] = a - b;
                    }
                }
            }
        }
    }

    @Override
    float largest(float[] vector) {
        float max = 0;
        for (float x : vector) {
            max = Math.max(max, Math.abs(x));
        }
        return max;
    }

    @Override
    void quantise(float[] vector, float scale, int[] planes) {
        Arrays.fill(planes, 0);
        for (int i = 0; i < vector.length; i++) {
            int level = Math.clamp((int) (vector[i] * scale + 8), 0, QueryCode.MAX_LEVEL);
            int word = i / Integer.SIZE * QueryCode.PLANES;
            int bit = i % Integer.SIZE;
            planes[word] |= (level & 1) << bit;
            planes[word + 1] |= (level >> 1 & 1) << bit;
            planes[word + 2] |= (level >> 2 & 1) << bit;
            planes[word + 3] |= (level >> 3) << bit;
        }
    }

    @Override
    void encode(float[] vertex, float[] neighbour, int[] code, float[] sums) {
        float[] squares = new float[LANES];
        float[] magnitudes = new float[LANES];
        float[] signs = new float[LANES];
        float[] products = new float[LANES];
        for (int i = 0; i < vertex.length; i += LANES) {
            int bits = 0;
            for (int j = 0; j < LANES; j++) {
                float v = vertex[i + j];
                float r = neighbour[i + j] - v;
                boolean positive = r >= 0;
                bits |= positive ? 1 << j : 0;
                squares[j] += r * r;
                magnitudes[j] += Math.abs(r);
                signs[j] += positive ? v : -v;
                products[j] += r * v;
            }
            int word = i / Integer.SIZE;
            code[word] = i % Integer.SIZE == 0 ? bits : code[word] | bits << LANES;
        }
        sums[0] = fold(squares);
        sums[1] = fold(magnitudes);
        sums[2] = fold(signs);
        sums[3] = fold(products);
    }

    private static float reduce(float[] sums) {
        float[] folded = new float[LANES];
        for (int j = 0; j < LANES; j++) {
            folded[j] = (sums[j] + sums[j + 16]) + (sums[j + 32] + sums[j + 48]);
        }
        return fold(folded);
    }

    private static float fold(float[] sums) {
        for (int half = LANES / 2; half > 0; half /= 2) {
            for (int j = 0; j < half; j++) {
                sums[j] += sums[j + half];
            }
        }
        return sums[0];
    }
}
