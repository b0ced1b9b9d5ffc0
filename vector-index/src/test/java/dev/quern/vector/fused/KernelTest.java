package dev.quern.vector.fused;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class KernelTest {
    private static final int SLOTS = BlockLayout.SLOTS;

    private final Kernel plain = new PlainKernel();

    /// One block of which all neighbours lie around the vertex, rotated.
    private record Star(Blocks blocks, float[] vertex, float[][] neighbours) {
        static Star random(RandomGenerator random, Kernel kernel, int dims, boolean inner) {
            BlockLayout layout = BlockLayout.of(dims);
            Rotation rotation = new Rotation(layout.width(), 7);
            MemorySegment memory = Arena.ofAuto().allocate((long) (SLOTS + 1) * layout.bytes(), 64);
            MemorySegment side = Arena.ofAuto().allocate((long) (SLOTS + 1) * Edges.SIDE_BYTES);
            Blocks blocks = new Blocks(memory, layout, SLOTS + 1, "star", 0);
            float[] centre = FusedSeed.gaussian(random, new float[dims], 1);
            float[] vertex = new float[layout.width()];
            float[][] neighbours = new float[SLOTS][layout.width()];
            float[] spare = new float[layout.width()];
            rotation.apply(kernel, centre, 1, spare, vertex);
            put(blocks, 0, vertex);
            for (int s = 0; s < SLOTS; s++) {
                float[] neighbour = FusedSeed.gaussian(random, centre, 0.5);
                rotation.apply(kernel, neighbour, 1, spare, neighbours[s]);
                put(blocks, s + 1, neighbours[s]);
            }
            Edges edges = new Edges(kernel, blocks, side, inner);
            edges.begin(0);
            for (int s = 0; s < SLOTS; s++) {
                edges.set(0, s, s + 1, 0);
            }
            return new Star(blocks, vertex, neighbours);
        }

        private static void put(Blocks blocks, int vertex, float[] vector) {
            MemorySegment.copy(
                    vector, 0, blocks.memory(), Kernel.FLOAT, blocks.at(vertex), vector.length);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7, 8, 15, 16, 17, 100, 333})
    void findsTheLeastButOne(int count) {
        FusedSeed.run(random -> {
            long[] numbers = new long[count + Kernel.LANES];
            Arrays.fill(numbers, Long.MAX_VALUE);
            for (int i = 0; i < count; i++) {
                numbers[i] = random.nextLong();
            }
            long[] sorted = Arrays.copyOf(numbers, count + 2);
            Arrays.sort(sorted);
            for (Kernel kernel : new Kernel[] {plain, Kernel.best()}) {
                long[] own = numbers.clone();
                assertThat(kernel.least(own, count, 1)).isEqualTo(sorted[0]);
                assertThat(own).isEqualTo(numbers);
                assertThat(kernel.least(own, count, sorted[0])).isEqualTo(sorted[1]);
                assertThat(kernel.least(own, count, 1)).isEqualTo(sorted[1]);
            }
        });
    }

    /// Codes of random bits, in rows with something else in their heads and ends.
    @ParameterizedTest
    @ValueSource(ints = {64, 128, 384, 448, 512, 768, 1_024, 4_096})
    void countsTheBitsInWhichCodesDiffer(int width) {
        Kernel wide = Kernel.best();
        FusedSeed.run(random -> {
            int rows = 50;
            int rowBytes = CodeTable.rowBytes(width);
            assertThat(rowBytes).isGreaterThanOrEqualTo(CodeTable.HEAD_BYTES + width / 8);
            MemorySegment memory = Arena.ofAuto().allocate((long) rows * rowBytes, 64);
            for (long at = 0; at < memory.byteSize(); at += Long.BYTES) {
                memory.set(Kernel.LONG, at, random.nextLong());
            }
            CodeTable.Codes codes = new CodeTable.Codes(memory, rowBytes, new float[width]);
            QueryCode query = new QueryCode(plain, width);
            System.arraycopy(
                    FusedSeed.gaussian(random, new float[width], 1), 0, query.vector, 0, width);
            query.quantise();
            CodePlanes planes = new CodePlanes(width);
            planes.set(query);
            int[] vertices = random.ints(30, 0, rows).toArray();
            int[] expected = new int[30];
            for (int i = 0; i < vertices.length; i++) {
                for (int bit = 0; bit < width; bit++) {
                    long at = codes.at(vertices[i]) + CodeTable.HEAD_BYTES + bit / 32 * 4L;
                    int code = (memory.get(Kernel.INT, at) >> (bit % 32)) & 1;
                    for (int plane = 0; plane < QueryCode.PLANES; plane++) {
                        int word = query.planes[bit / 32 * QueryCode.PLANES + plane];
                        expected[i] += (code ^ ((word >> (bit % 32)) & 1)) << plane;
                    }
                }
            }
            for (Kernel kernel : new Kernel[] {plain, wide}) {
                int[] differing = new int[30];
                kernel.differing(codes, planes, vertices, vertices.length, differing);
                assertThat(differing).isEqualTo(expected);
            }
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {7, 64, 100, 384, 768})
    void bothKernelsGiveTheSameBits(int dims) {
        Kernel wide = Kernel.best();
        FusedSeed.run(random -> {
            for (int round = 0; round < 20; round++) {
                boolean inner = random.nextBoolean();
                long seed = random.nextLong();
                Star one = Star.random(generator(seed), plain, dims, inner);
                Star other = Star.random(generator(seed), wide, dims, inner);
                assertThat(other.blocks().memory().mismatch(one.blocks().memory())).isEqualTo(-1);
                QueryCode query = new QueryCode(plain, one.blocks().layout().width());
                query.set(
                        FusedSeed.gaussian(random, new float[dims], 1),
                        1,
                        new Rotation(query.vector.length, 7));
                QueryCode same = new QueryCode(wide, query.vector.length);
                System.arraycopy(query.vector, 0, same.vector, 0, same.vector.length);
                same.quantise();
                assertThat(same.planes).isEqualTo(query.planes);
                assertThat(same.start).isEqualTo(query.start);
                assertThat(same.step).isEqualTo(query.step);
                compare(one.blocks(), query, wide, (float) random.nextGaussian() * dims);
                compareRows(one, query.vector, wide);
            }
        });
    }

    private void compareRows(Star star, float[] query, Kernel wide) {
        int width = query.length;
        float[] rows = new float[(Kernel.GROUP + 1) * width];
        for (int row = 0; row <= Kernel.GROUP; row++) {
            System.arraycopy(star.neighbours()[row], 0, rows, row * width, width);
        }
        float[] expected = new float[Kernel.GROUP];
        float[] squares = new float[Kernel.GROUP];
        plain.squareDistances(query, rows, width, expected);
        wide.squareDistances(query, rows, width, squares);
        assertThat(squares).isEqualTo(expected);
        for (int row = 0; row < Kernel.GROUP; row++) {
            float exact =
                    plain.squareDistance(query, star.blocks().memory(), star.blocks().at(row + 2));
            assertThat(squares[row]).isCloseTo(exact, within(exact * 1e-4f));
        }
        plain.dotProducts(query, rows, width, expected);
        float[] products = new float[Kernel.GROUP];
        wide.dotProducts(query, rows, width, products);
        assertThat(products).isEqualTo(expected);
        for (int row = 0; row < Kernel.GROUP; row++) {
            float exact =
                    plain.dotProduct(query, star.blocks().memory(), star.blocks().at(row + 2));
            assertThat(products[row]).isCloseTo(exact, within(1e-3f * width));
        }
    }

    private static RandomGenerator generator(long seed) {
        return RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    }

    private void compare(Blocks blocks, QueryCode query, Kernel wide, float bound) {
        MemorySegment memory = blocks.memory();
        for (int v = 0; v <= SLOTS; v++) {
            long at = blocks.at(v);
            assertThat(wide.squareDistance(query.vector, memory, at))
                    .isEqualTo(plain.squareDistance(query.vector, memory, at));
            assertThat(wide.dotProduct(query.vector, memory, at))
                    .isEqualTo(plain.dotProduct(query.vector, memory, at));
        }
        float[] expected = new float[SLOTS];
        float[] actual = new float[SLOTS];
        int below = plain.estimate(query, memory, 0, 1.5f, bound, expected);
        assertThat(wide.estimate(query, memory, 0, 1.5f, bound, actual)).isEqualTo(below);
        assertThat(actual).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void estimatesAreUnbiasedAndClose(boolean inner) {
        FusedSeed.run(random -> {
            int dims = 384;
            double error = 0;
            double squares = 0;
            double spread = 0;
            int count = 0;
            Kernel kernel = Kernel.best();
            Measure measure = Measure.of(inner);
            for (int round = 0; round < 40; round++) {
                Star star = Star.random(random, kernel, dims, inner);
                QueryCode query = new QueryCode(kernel, dims);
                // About as far from the vertex as its neighbours are.
                float[] near = FusedSeed.gaussian(random, star.vertex(), 0.5);
                System.arraycopy(near, 0, query.vector, 0, dims);
                query.quantise();
                float base = measure.distance(kernel, query.vector, 0, star.blocks(), 0);
                float[] estimates = new float[SLOTS];
                kernel.estimate(query, star.blocks().memory(), 0, base, Float.MAX_VALUE, estimates);
                for (int s = 0; s < SLOTS; s++) {
                    float exact = measure.distance(kernel, query.vector, 0, star.blocks(), s + 1);
                    double off = estimates[s] - exact;
                    error += off;
                    squares += off * off;
                    spread += Math.abs(inner ? 96 : exact);
                    count++;
                }
            }
            double scale = spread / count;
            double deviation = Math.sqrt(squares / count) / scale;
            // RaBitQ bounds the error by about |r| |q - v| / sqrt(dims): here 2 * 96 / 19.6 of 192.
            assertThat(deviation).isLessThan(0.1);
            assertThat(error / count / scale)
                    .isCloseTo(0, within(5 * deviation / Math.sqrt(count)));
        });
    }

    @Test
    void aRotationKeepsProductsAndIsTheSameForEver() {
        FusedSeed.run(random -> {
            Rotation rotation = new Rotation(128, 42);
            float[] a = FusedSeed.gaussian(random, new float[100], 1);
            float[] b = FusedSeed.gaussian(random, new float[100], 1);
            float[] ra = new float[128];
            float[] rb = new float[128];
            rotation.apply(plain, a, 1, new float[128], ra);
            rotation.apply(plain, b, 1, new float[128], rb);
            assertThat(dot(ra, rb)).isCloseTo(dot(a, b), within(1e-3));
            assertThat(dot(ra, ra)).isCloseTo(dot(a, a), within(1e-3));
        });
        float[] first = new float[64];
        new Rotation(64, 42).apply(plain, new float[] {1, 2, 3}, 1, new float[64], first);
        assertThat(Arrays.hashCode(first)).isEqualTo(GOLDEN);
    }

    /// Of a rotated vector; files of version 1 depend on it.
    private static final int GOLDEN = -586_057_727;

    private static double dot(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (double) a[i] * b[i];
        }
        return sum;
    }

    @Test
    void aSpikeIsSpreadOverAllCoordinates() {
        float[] spike = new float[384];
        spike[17] = 1;
        float[] rotated = new float[384];
        new Rotation(384, 1).apply(plain, spike, 1, new float[384], rotated);
        float max = 0;
        for (float x : rotated) {
            max = Math.max(max, Math.abs(x));
        }
        assertThat(max).isLessThan(0.3f);
    }
}
