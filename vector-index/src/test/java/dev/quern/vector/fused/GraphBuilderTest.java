package dev.quern.vector.fused;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

final class GraphBuilderTest {
    private static final Crew ALONE = new Crew(null, 1, () -> {});

    private static Blocks load(float[][] vectors, Arena arena) {
        BlockLayout layout = BlockLayout.of(vectors[0].length);
        MemorySegment memory = arena.allocate((long) vectors.length * layout.bytes(), 64);
        Blocks blocks = new Blocks(memory, layout, vectors.length, "test", 0);
        Rotation rotation = new Rotation(layout.width(), 1);
        float[] rotated = new float[layout.width()];
        for (int i = 0; i < vectors.length; i++) {
            rotation.apply(Kernel.best(), vectors[i], 1, new float[layout.width()], rotated);
            MemorySegment.copy(rotated, 0, memory, Kernel.FLOAT, blocks.at(i), rotated.length);
        }
        return blocks;
    }

    private static int build(Blocks blocks, Measure measure, Crew crew, Kernel kernel)
            throws IOException {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment side = arena.allocate((long) blocks.count() * Edges.SIDE_BYTES, 64);
            return new GraphBuilder(kernel, blocks, measure, side, crew).build(Optional.empty());
        }
    }

    @Test
    void buildsTheSameBytesOnAnyNumberOfThreadsAndEitherKernel() {
        FusedSeed.run(random -> {
            float[][] vectors = FusedSeed.clustered(random, 1_500, 40, 20);
            try (Arena arena = Arena.ofShared();
                    ExecutorService pool =
                            Executors.newFixedThreadPool(
                                    2, Thread.ofPlatform().name("graph-", 0).factory())) {
                Blocks one = load(vectors, arena);
                int entry = build(one, Measure.of(false), ALONE, Kernel.best());
                Blocks two = load(vectors, arena);
                Crew crew = new Crew(pool, 3, () -> {});
                assertThat(build(two, Measure.of(false), crew, Kernel.best())).isEqualTo(entry);
                assertThat(two.memory().mismatch(one.memory())).isEqualTo(-1);
                Blocks plain = load(vectors, arena);
                assertThat(build(plain, Measure.of(false), ALONE, new PlainKernel()))
                        .isEqualTo(entry);
                assertThat(plain.memory().mismatch(one.memory())).isEqualTo(-1);
            }
        });
    }

    @Test
    void aPathLeadsToEveryVertex() {
        FusedSeed.run(random -> {
            // Clusters far apart, by which choosing neighbours alone would leave islands.
            float[][] vectors = FusedSeed.clustered(random, 2_000, 24, 200);
            for (float[] vector : vectors) {
                for (int i = 0; i < vector.length; i++) {
                    vector[i] = Math.round(vector[i] * 3) * 10 + vector[i];
                }
            }
            for (boolean inner : new boolean[] {false, true}) {
                try (Arena arena = Arena.ofShared()) {
                    Blocks blocks = load(vectors, arena);
                    float[] squares = new float[vectors.length];
                    for (int i = 0; i < squares.length; i++) {
                        for (float x : vectors[i]) {
                            squares[i] += x * x;
                        }
                    }
                    Measure measure = inner ? Measure.forBuild(squares) : Measure.of(false);
                    int entry = build(blocks, measure, ALONE, Kernel.best());
                    assertThat(reached(blocks, entry)).isEqualTo(blocks.count());
                }
            }
        });
    }

    @Test
    void fillsEverySlotWhenThereAreEnoughVertices() {
        FusedSeed.run(random -> {
            for (int count : new int[] {1, 2, 20, 33, 500}) {
                float[][] vectors = FusedSeed.clustered(random, count, 16, 3);
                try (Arena arena = Arena.ofShared()) {
                    Blocks blocks = load(vectors, arena);
                    int entry = build(blocks, Measure.of(false), ALONE, Kernel.best());
                    assertThat(reached(blocks, entry)).isEqualTo(count);
                    for (int v = 0; v < count; v++) {
                        BitSet neighbours = neighbours(blocks, v);
                        neighbours.clear(v);
                        assertThat(neighbours.cardinality())
                                .isEqualTo(Math.min(BlockLayout.SLOTS, count - 1));
                    }
                }
            }
        });
    }

    private static BitSet neighbours(Blocks blocks, int vertex) {
        BitSet neighbours = new BitSet();
        for (int slot = 0; slot < BlockLayout.SLOTS; slot++) {
            neighbours.set(blocks.neighbour(blocks.at(vertex), slot));
        }
        return neighbours;
    }

    private static int reached(Blocks blocks, int entry) {
        BitSet reached = new BitSet();
        BitSet next = new BitSet();
        next.set(entry);
        while (!next.isEmpty()) {
            int vertex = next.nextSetBit(0);
            next.clear(vertex);
            reached.set(vertex);
            BitSet neighbours = neighbours(blocks, vertex);
            neighbours.andNot(reached);
            next.or(neighbours);
        }
        return reached.cardinality();
    }
}
