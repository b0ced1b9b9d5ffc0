package dev.quern.vector;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Percentage.withPercentage;

import dev.quern.common.ByteSize;
import dev.quern.vector.fused.FusedConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.apache.lucene.search.IndexSearcher;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/// What every way to keep vectors owes, under every metric.
final class KeptVectorsTest {
    private static final int ROWS = 5_400;

    /// Not a multiple of 64, and enough for one bit each.
    private static final int DIMS = 260;

    /// Of which so many are independent, as in vectors of real texts.
    private static final int LATENT = 24;

    private static final int CLUSTERS = 40;
    private static final int QUERIES = 10;
    private static final int LIMIT = 10;
    private static final ByteSize ENOUGH = ByteSize.ofMebibytes(64);

    /// Floats tell rows apart that are so far from each other.
    private static final Percentage ROUNDING = withPercentage(1e-3);

    @TempDir Path directory;

    /// The least power of two kibibytes, or half as much again, in which it is chosen.
    private static ByteSize bound(VectorKeeping keeping) {
        return switch (keeping) {
            case FUSED -> ENOUGH;
            case INT8 -> new ByteSize(2 << 20);
            case INT4 -> new ByteSize(3 << 19);
            case BIT -> new ByteSize(1 << 20);
        };
    }

    private static Stream<Arguments> keepingsAndMetrics() {
        return Stream.of(VectorKeeping.values())
                .flatMap(kept -> Stream.of(Metric.values()).map(m -> Arguments.of(kept, m)));
    }

    @ParameterizedTest
    @MethodSource("keepingsAndMetrics")
    void findsFiltersDeletesAndMergesOn(VectorKeeping keeping, Metric metric) {
        Seed.run(random -> {
            AtomicReference<ByteSize> bound = new AtomicReference<>(bound(keeping));
            Path place = directory.resolve("run" + System.nanoTime());
            try (Rig rig =
                    new Rig(
                            place,
                            Rig.Stores.FAKE,
                            c ->
                                    Rig.with(
                                                    Map.of(
                                                            "search",
                                                            SearchConfig.defaults().comparing(100),
                                                            "maxGraph",
                                                            bound.get()))
                                            .apply(c))) {
                rig.create(DIMS, metric);
                Texts texts = Texts.random(random);
                List<Row> rows = new ArrayList<>(rows(texts, random, 0, ROWS));
                rig.write(WriteBatch.upsert(rows));
                assertThat(formats(rig)).isEqualTo(Map.of(keeping.text(), (long) ROWS));
                check(rig, metric, rows, texts, random);

                rig.write(WriteBatch.deleteWhere(new Filter.Eq("n", 3L)));
                rows.removeIf(row -> Long.valueOf(3).equals(row.attributes().get("n")));
                check(rig, metric, rows, texts, random);

                rig.restart();
                check(rig, metric, rows, texts, random);

                // From here on in blocks, with rows that come after.
                bound.set(ENOUGH);
                rig.restart();
                List<Row> more = rows(texts, random, ROWS, 2 * ROWS);
                rig.write(WriteBatch.upsert(more));
                rows.addAll(more);
                assertThat(formats(rig)).isEqualTo(Map.of("fused", (long) rows.size()));
                check(rig, metric, rows, texts, random);
            }
        });
    }

    /// Makes vectors in clusters.
    private record Texts(float[][] basis, float[][] centres) {
        static Texts random(RandomGenerator random) {
            float[][] basis = new float[LATENT][];
            for (int i = 0; i < LATENT; i++) {
                basis[i] = around(random, new float[DIMS], 1);
            }
            float[][] centres = new float[CLUSTERS][];
            for (int i = 0; i < CLUSTERS; i++) {
                centres[i] = around(random, new float[LATENT], 1);
            }
            return new Texts(basis, centres);
        }

        float[] vector(RandomGenerator random) {
            float[] latent = around(random, centres[random.nextInt(CLUSTERS)], 0.5);
            float[] vector = around(random, new float[DIMS], 0.1);
            for (int i = 0; i < LATENT; i++) {
                for (int j = 0; j < DIMS; j++) {
                    vector[j] += latent[i] * basis[i][j];
                }
            }
            return vector;
        }
    }

    private static Map<String, Long> formats(Rig rig) throws InterruptedException {
        CollectionStats stats = rig.settle();
        assertThat(stats.segments()).isOne();
        return stats.vectors().firstEntry().getValue().formats();
    }

    private static List<Row> rows(Texts texts, RandomGenerator random, int from, int to) {
        List<Row> rows = new ArrayList<>();
        for (int i = from; i < to; i++) {
            float[] vector = texts.vector(random);
            rows.add(new Row("r" + i, Optional.empty(), vector, Map.of("n", (long) i % 10)));
        }
        return rows;
    }

    private static float[] around(RandomGenerator random, float[] centre, double spread) {
        float[] vector = new float[centre.length];
        for (int i = 0; i < vector.length; i++) {
            vector[i] = (float) (centre[i] + random.nextGaussian() * spread);
        }
        return vector;
    }

    /// Against a comparison of all, without a filter and with one.
    private static void check(
            Rig rig, Metric metric, List<Row> rows, Texts texts, RandomGenerator random) {
        Filter some = new Filter.In("n", List.of(1L, 4L, 5L, 7L));
        Set<Object> passing = Set.of(1L, 4L, 5L, 7L);
        for (boolean filtered : new boolean[] {false, true}) {
            List<Row> matching =
                    rows.stream()
                            .filter(r -> !filtered || passing.contains(r.attributes().get("n")))
                            .toList();
            Optional<Filter> filter = filtered ? Optional.of(some) : Optional.empty();
            int found = 0;
            for (int i = 0; i < QUERIES; i++) {
                float[] query = texts.vector(random);
                Map<String, Double> distances = distances(matching, metric, query);
                List<String> nearest = nearest(distances);
                assertThat(ids(rig, query, true, filter))
                        .zipSatisfy(
                                nearest,
                                (id, expected) ->
                                        assertThat(distances.get(id))
                                                .isCloseTo(
                                                        requireNonNull(distances.get(expected)),
                                                        ROUNDING));
                Set<String> both = new HashSet<>(ids(rig, query, false, filter));
                both.retainAll(nearest);
                found += both.size();
            }
            assertThat(found / (double) (QUERIES * LIMIT))
                    .as("recall, filtered: %s", filtered)
                    .isGreaterThanOrEqualTo(0.95);
        }
    }

    private static List<String> ids(
            Rig rig, float[] query, boolean exact, Optional<Filter> filter) {
        SearchSpec spec = SearchSpec.of(List.of(new Leg.Dense(query, exact)), filter, LIMIT);
        return rig.search(spec).hits().stream().map(hit -> hit.row().id()).toList();
    }

    private static Map<String, Double> distances(List<Row> rows, Metric metric, float[] query) {
        Map<String, Double> distances = new HashMap<>();
        for (Row row : rows) {
            float[] vector = row.vectors().values().iterator().next();
            distances.put(row.id(), distance(metric, query, vector));
        }
        return distances;
    }

    private static List<String> nearest(Map<String, Double> distances) {
        return distances.entrySet().stream()
                .sorted(Map.Entry.comparingByValue())
                .limit(LIMIT)
                .map(Map.Entry::getKey)
                .toList();
    }

    private static double distance(Metric metric, float[] a, float[] b) {
        double product = 0;
        double squares = 0;
        double length = 0;
        for (int i = 0; i < a.length; i++) {
            product += (double) a[i] * b[i];
            squares += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
            length += (double) b[i] * b[i];
        }
        return switch (metric) {
            case COSINE -> -product / Math.sqrt(length);
            case DOT -> -product;
            case L2 -> squares;
        };
    }

    /// The extremes of what a field may have, in few rows.
    @ParameterizedTest
    @CsvSource({
        "1, 0, int8",
        "1, 1, int4",
        "16384, 0, int8",
        "16384, 1, bit",
        "300, 1, bit",
        "1, 1073741824, fused",
        "65, 1073741824, fused",
        "16384, 1073741824, fused"
    })
    void anyDimsAreAllowed(int dims, long bound, String format) {
        Seed.run(random -> {
            Schema schema = Rig.schema(dims, Metric.L2, Map.of());
            FusedConfig small = new FusedConfig(20, bound, 1);
            LuceneIndex.Tuning tuning =
                    new LuceneIndex.Tuning(1, Runnable::run, Runnable::run, () -> false, small);
            Path place = directory.resolve("run" + System.nanoTime());
            try (LuceneIndex index = LuceneIndex.open(place, schema, Optional.empty(), tuning)) {
                WriteCheck check = new WriteCheck(schema);
                for (int i = 0; i < 40; i++) {
                    Row row =
                            new Row(
                                    "r" + i,
                                    Optional.empty(),
                                    around(random, new float[dims], 1),
                                    Map.of());
                    index.apply(check.check(WriteBatch.upsert(List.of(row))), 1, schema);
                    if (i % 20 == 19) {
                        index.refresh();
                    }
                }
                assertThat(index.merge(Duration.ofDays(1))).isFalse();
                index.refresh();
                IndexSearcher searcher = index.acquire();
                try {
                    CollectionStats stats =
                            CollectionStats.of(searcher.getIndexReader(), schema, false);
                    assertThat(stats.vectors().firstEntry().getValue().formats())
                            .isEqualTo(Map.of(format, 40L));
                    Leg leg = new Leg.Dense(around(random, new float[dims], 1), false);
                    DenseLeg.Means means = DenseLeg.Means.of(SearchConfig.defaults().comparing(0));
                    // The last asks for more than there are.
                    for (int limit : new int[] {LIMIT, 40, 1_000}) {
                        SearchSpec spec = SearchSpec.of(List.of(leg), Optional.empty(), limit);
                        assertThat(new Search(schema, spec, means).run(searcher).hits())
                                .extracting(hit -> hit.row().id())
                                .doesNotHaveDuplicates()
                                .hasSize(Math.min(limit, 40));
                    }
                } finally {
                    index.release(searcher);
                }
            }
        });
    }

    @Test
    void theMostExactThatFitsIsChosen() {
        FusedConfig config = new FusedConfig(5_000, 1 << 30, 2);
        assertThat(VectorKeeping.choose(4_999, 16_384, config)).isEqualTo(VectorKeeping.FUSED);
        assertThat(VectorKeeping.choose(310_000, 384, config)).isEqualTo(VectorKeeping.FUSED);
        assertThat(VectorKeeping.choose(311_000, 384, config)).isEqualTo(VectorKeeping.INT8);
        assertThat(VectorKeeping.choose(2_147_000, 384, config)).isEqualTo(VectorKeeping.INT8);
        assertThat(VectorKeeping.choose(2_148_000, 384, config)).isEqualTo(VectorKeeping.INT4);
        assertThat(VectorKeeping.choose(3_486_000, 384, config)).isEqualTo(VectorKeeping.INT4);
        assertThat(VectorKeeping.choose(3_487_000, 384, config)).isEqualTo(VectorKeeping.BIT);
        assertThat(VectorKeeping.choose(Integer.MAX_VALUE, 255, config))
                .isEqualTo(VectorKeeping.INT4);
        assertThat(VectorKeeping.choose(Integer.MAX_VALUE, 1, config))
                .isEqualTo(VectorKeeping.INT4);
        assertThat(VectorKeeping.choose(5_000, 384, new FusedConfig(5_000, 0, 2)))
                .isEqualTo(VectorKeeping.INT8);
    }

    @Test
    void everyChoiceIsNamed() {
        for (VectorKeeping keeping : VectorKeeping.values()) {
            assertThat(VectorKeeping.find(keeping.text())).contains(keeping);
        }
        assertThat(VectorKeeping.find(null)).isEmpty();
        assertThat(VectorKeeping.find("other")).isEmpty();
    }
}
