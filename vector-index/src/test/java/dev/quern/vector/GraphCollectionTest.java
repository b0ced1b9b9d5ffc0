package dev.quern.vector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.ByteSize;
import dev.quern.vector.SearchOutcome.Strategy;
import dev.quern.vector.fused.HotMemory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Collections large enough for graphs, in all that may happen to one.
final class GraphCollectionTest {
    private static final int ROWS = 8_000;

    private static final int BATCH = 1_000;
    private static final int DIMS = 16;
    private static final int CLUSTERS = 60;
    private static final int QUERIES = 30;
    private static final int LIMIT = 10;
    private static final double MIN_RECALL = 0.95;

    @TempDir Path directory;
    private final List<AutoCloseable> opened = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable rig : opened) {
            rig.close();
        }
        HotMemory.limit(Runtime.getRuntime().maxMemory() / 2);
    }

    private Rig rig(UnaryOperator<CollectionConfig> settings) {
        Rig rig = new Rig(directory, Rig.Stores.FAKE, settings);
        opened.add(rig);
        return rig;
    }

    /// A config under which a dense leg compares few rows of its own accord.
    private static UnaryOperator<CollectionConfig> graphs(ByteSize maxGraph, ByteSize hotMemory) {
        return Rig.with(Map.of("exactScanRows", 100, "maxGraph", maxGraph, "hotMemory", hotMemory));
    }

    private static final UnaryOperator<CollectionConfig> FUSED =
            graphs(ByteSize.ofMebibytes(64), ByteSize.ofMebibytes(64));

    @ParameterizedTest
    @EnumSource
    void holdsThroughChangesAndReopening(Metric metric) {
        Seed.run(random -> {
            Rig rig = rig(FUSED);
            float[][] centres = filled(rig, metric, random);
            assertThat(stats(rig).fusedRows()).isPositive();
            assertThat(stats(rig).hnswRows()).isZero();
            check(rig, centres, random);

            WriteBatch some = WriteBatch.deleteWhere(new Filter.Eq("n", 0L));
            assertThat(rig.write(some).deleted()).isEqualTo(ROWS / 20);
            rig.write(WriteBatch.upsert(rows(centres, random, 0, 200)));
            assertThat(rig.rows()).isEqualTo(ROWS - (ROWS - 200) / 20);
            check(rig, centres, random);

            rig.crash();
            assertThat(rig.settle().segments()).isOne();
            check(rig, centres, random);
            rig.restart();
            assertThat(stats(rig).fusedRows()).isPositive();
            check(rig, centres, random);
        });
    }

    @Test
    void aCheckpointHoldsTheGraphs() {
        Seed.run(random -> {
            Rig rig = rig(FUSED);
            float[][] centres = filled(rig, Metric.COSINE, random);
            rig.restart();
            CollectionStats before = stats(rig);
            assertThat(before.fusedRows()).isPositive();
            rig.loseCache();
            assertThat(stats(rig)).isEqualTo(before);
            check(rig, centres, random);
        });
    }

    @Test
    void aDamagedGraphIsRebuilt() {
        Seed.run(random -> {
            Rig rig = rig(FUSED);
            float[][] centres = filled(rig, Metric.L2, random);
            rig.restart();
            long fused = stats(rig).fusedRows();
            rig.service().close();
            Path blocks = largest(rig.cache());
            byte[] bytes = Files.readAllBytes(blocks);
            Arrays.fill(bytes, bytes.length / 3, bytes.length / 2, (byte) -1);
            Files.write(blocks, bytes);
            rig.restart();
            check(rig, centres, random);
            assertThat(stats(rig).fusedRows()).isEqualTo(fused);
        });
    }

    private static Path largest(Path cache) throws IOException {
        try (Stream<Path> files = Files.walk(cache)) {
            return files.filter(Files::isRegularFile)
                    .max((a, b) -> Long.compare(size(a), size(b)))
                    .orElseThrow();
        }
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void luceneServesBeyondTheBound() {
        Seed.run(random -> {
            Rig rig = rig(graphs(ByteSize.ofMebibytes(1), ByteSize.ofMebibytes(64)));
            float[][] centres = filled(rig, Metric.DOT, random);
            assertThat(stats(rig).hnswRows()).isPositive();
            assertThat(stats(rig).fusedRows()).isZero();
            check(rig, centres, random);
        });
    }

    @Test
    void servesWithoutHotMemory() {
        Seed.run(random -> {
            Rig rig = rig(graphs(ByteSize.ofMebibytes(64), new ByteSize(0)));
            float[][] centres = filled(rig, Metric.COSINE, random);
            rig.restart();
            check(rig, centres, random);
        });
    }

    @Test
    void aDeepSearchIsAsWideAsItsLimit() {
        Seed.run(random -> {
            Rig rig = rig(FUSED);
            float[][] centres = filled(rig, Metric.L2, random);
            float[] query = query(centres, random);
            List<String> exact = ids(rig, query, true, Optional.empty(), 1_000);
            List<String> walked = ids(rig, query, false, Optional.empty(), 1_000);
            assertThat(walked).hasSize(1_000).doesNotHaveDuplicates();
            assertThat(shared(exact, walked)).isGreaterThanOrEqualTo(950);
        });
    }

    /// Makes a collection whose rows a merge has put into a graph.
    private static float[][] filled(Rig rig, Metric metric, RandomGenerator random)
            throws InterruptedException {
        rig.create(DIMS, metric);
        float[][] centres = new float[CLUSTERS][];
        for (int i = 0; i < CLUSTERS; i++) {
            centres[i] = around(random, new float[DIMS], 1);
        }
        for (int from = 0; from < ROWS; from += BATCH) {
            rig.write(WriteBatch.upsert(rows(centres, random, from, from + BATCH)));
            // Makes a segment, and when there are some, a merge.
            rig.search(SearchSpec.dense(centres[0], 1));
        }
        assertThat(rig.settle().segments()).isOne();
        return centres;
    }

    private static CollectionStats stats(Rig rig) {
        return rig.service().stats(Rig.SPACE, Rig.NAME);
    }

    private static List<Row> rows(float[][] centres, RandomGenerator random, int from, int to) {
        List<Row> rows = new ArrayList<>();
        for (int i = from; i < to; i++) {
            float[] vector = around(random, centres[random.nextInt(CLUSTERS)], 0.3);
            rows.add(new Row("r" + i, Optional.empty(), vector, Map.of("n", i % 20)));
        }
        return rows;
    }

    private static float[] query(float[][] centres, RandomGenerator random) {
        return around(random, centres[random.nextInt(CLUSTERS)], 0.3);
    }

    private static float[] around(RandomGenerator random, float[] centre, double spread) {
        float[] vector = new float[centre.length];
        for (int i = 0; i < vector.length; i++) {
            vector[i] = (float) (centre[i] + random.nextGaussian() * spread);
        }
        return vector;
    }

    /// Compares with the exact scan, without a filter and with one.
    private static void check(Rig rig, float[][] centres, RandomGenerator random) {
        Filter half =
                new Filter.Range(
                        "n",
                        Optional.empty(),
                        Optional.of(10L),
                        Optional.empty(),
                        Optional.empty());
        for (Optional<Filter> filter : List.of(Optional.<Filter>empty(), Optional.of(half))) {
            int found = 0;
            for (int i = 0; i < QUERIES; i++) {
                float[] query = query(centres, random);
                List<String> exact = ids(rig, query, true, filter, LIMIT);
                List<String> walked = ids(rig, query, false, filter, LIMIT);
                assertThat(walked).hasSameSizeAs(exact).doesNotHaveDuplicates();
                found += shared(exact, walked);
            }
            assertThat(found / (double) (QUERIES * LIMIT))
                    .as("%s", filter)
                    .isGreaterThanOrEqualTo(MIN_RECALL);
        }
    }

    private static int shared(List<String> exact, List<String> walked) {
        Set<String> both = new HashSet<>(exact);
        both.retainAll(walked);
        return both.size();
    }

    private static List<String> ids(
            Rig rig, float[] query, boolean exact, Optional<Filter> filter, int limit) {
        SearchSpec spec = SearchSpec.of(List.of(new Leg.Dense(query, exact)), filter, limit);
        SearchOutcome outcome = rig.search(spec);
        if (!exact && filter.isEmpty() && limit == LIMIT) {
            assertThat(outcome.plans().getFirst().strategy()).isEqualTo(Strategy.GRAPH);
        }
        return outcome.hits().stream().map(hit -> hit.row().id()).toList();
    }
}
