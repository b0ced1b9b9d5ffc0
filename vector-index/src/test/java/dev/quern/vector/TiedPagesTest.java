package dev.quern.vector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.vector.fused.FusedConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.apache.lucene.search.IndexSearcher;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Pages over rows of which many are equally near, as where a text comes again and again: in the
/// order of their ids, none twice and none left out, however they are searched and wherever they
/// lie.
final class TiedPagesTest {
    private static final int DIMS = 20;
    private static final int ROWS = 2_400;

    /// Distinct vectors; so each comes 60 times.
    private static final int VECTORS = 40;

    private static final int LIMIT = 7;
    private static final int PAGES = 40;

    @TempDir Path directory;

    /// How vectors are kept.
    enum Kept {
        FLAT(Integer.MAX_VALUE, 1L << 30),
        FUSED(300, 1L << 30),
        INT8(300, 0),
        INT4(300, 1);

        private final int minVectors;
        private final long maxGraphBytes;

        Kept(int minVectors, long maxGraphBytes) {
            this.minVectors = minVectors;
            this.maxGraphBytes = maxGraphBytes;
        }

        FusedConfig config() {
            return new FusedConfig(minVectors, maxGraphBytes, 1);
        }

        boolean codes() {
            return this == INT8 || this == INT4;
        }
    }

    private static Stream<Arguments> keptAndMetrics() {
        return Stream.of(Kept.values())
                .flatMap(kept -> Stream.of(Metric.values()).map(m -> Arguments.of(kept, m)));
    }

    @ParameterizedTest
    @MethodSource("keptAndMetrics")
    void areTheRankingCutUp(Kept kept, Metric metric) {
        Seed.run(random -> {
            Schema schema =
                    Rig.schema(
                            DIMS,
                            metric,
                            Map.of("n", AttributeType.LONG, "half", AttributeType.BOOL));
            LuceneIndex.Tuning tuning =
                    new LuceneIndex.Tuning(
                            16, Runnable::run, Runnable::run, () -> false, kept.config());
            List<Row> rows = rows(random);
            Path place = directory.resolve("run" + System.nanoTime());
            try (LuceneIndex index = LuceneIndex.open(place, schema, Optional.empty(), tuning)) {
                fill(index, schema, rows);
                rows.removeIf(row -> Long.valueOf(3).equals(row.attributes().get("n")));
                IndexSearcher searcher = index.acquire();
                try {
                    assertThat(searcher.getIndexReader().leaves()).hasSizeGreaterThan(1);
                    check(searcher, schema, rows, around(random, 1), !kept.codes());
                } finally {
                    index.release(searcher);
                }
            }
        });
    }

    private static List<Row> rows(RandomGenerator random) {
        float[][] vectors = new float[VECTORS][];
        Arrays.setAll(vectors, _ -> around(random, 1));
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < ROWS; i++) {
            float[] vector = vectors[i % VECTORS].clone();
            Map<String, Object> attributes =
                    Map.of("n", (long) random.nextInt(10), "half", random.nextBoolean());
            rows.add(new Row("r%04d".formatted(i), Optional.empty(), vector, attributes));
        }
        // So that rows do not lie in the order of their ids.
        Collections.shuffle(rows, Random.from(random));
        return rows;
    }

    private static float[] around(RandomGenerator random, double spread) {
        float[] vector = new float[DIMS];
        for (int i = 0; i < DIMS; i++) {
            vector[i] = (float) (random.nextGaussian() * spread);
        }
        return vector;
    }

    /// A large segment and small ones, with deletions in each.
    private static void fill(LuceneIndex index, Schema schema, List<Row> rows) throws IOException {
        WriteCheck check = new WriteCheck(schema);
        int merged = rows.size() * 3 / 4;
        for (int from = 0; from < rows.size(); from += merged / 6) {
            List<Row> some = rows.subList(from, Math.min(rows.size(), from + merged / 6));
            index.apply(check.check(WriteBatch.upsert(some)), 1, schema);
            index.refresh();
            if (from + merged / 6 == merged) {
                index.merge(Duration.ofDays(1));
                index.refresh();
            }
        }
        index.apply(WriteBatch.deleteWhere(new Filter.Eq("n", 3L)), 2, schema);
        index.refresh();
    }

    private static void check(
            IndexSearcher searcher, Schema schema, List<Row> rows, float[] query, boolean byFloats)
            throws IOException {
        Map<Optional<Filter>, Function<Row, Boolean>> filters =
                Map.of(
                        Optional.empty(), _ -> true,
                        Optional.of(new Filter.Eq("half", true)),
                                row -> Boolean.TRUE.equals(row.attributes().get("half")),
                        Optional.of(new Filter.Eq("n", 5L)),
                                row -> Long.valueOf(5).equals(row.attributes().get("n")));
        for (Map.Entry<Optional<Filter>, Function<Row, Boolean>> filter : filters.entrySet()) {
            List<String> wanted =
                    ranking(schema, rows.stream().filter(filter.getValue()::apply).toList(), query);
            List<String> first = wanted.subList(0, Math.min(wanted.size(), LIMIT * PAGES));
            for (boolean exact : new boolean[] {true, false}) {
                List<String> found = pages(searcher, schema, query, exact, filter.getKey());
                String what = "exact " + exact + ", filter " + filter.getKey();
                if (exact || byFloats) {
                    assertThat(found).as(what).isEqualTo(first);
                } else {
                    // Codes may hide a row, and Lucene's graphs whole groups of equal vectors.
                    assertThat(found).as(what).isNotEmpty().doesNotHaveDuplicates();
                }
            }
        }
    }

    private static List<String> pages(
            IndexSearcher searcher,
            Schema schema,
            float[] query,
            boolean exact,
            Optional<Filter> filter)
            throws IOException {
        List<String> ids = new ArrayList<>();
        SearchSpec spec = SearchSpec.of(List.of(new Leg.Dense(query, exact)), filter, LIMIT);
        SearchOptions options =
                spec.options().with(new RowFields(Optional.of(Set.of()), Set.of(), false));
        for (int page = 0; page < PAGES; page++) {
            SearchOutcome outcome =
                    new Search(schema, new SearchSpec(spec.legs(), options), Rig.MEANS)
                            .run(searcher);
            outcome.hits().forEach(hit -> ids.add(hit.row().id()));
            if (outcome.next().isEmpty()) {
                break;
            }
            options = options.from(outcome.next().get());
        }
        return ids;
    }

    private static List<String> ranking(Schema schema, List<Row> rows, float[] query) {
        record Near(String id, double score) {}
        VectorField field = schema.vector(CollectionSchema.VECTOR);
        float[] asked = Vectors.admit("query vector", CollectionSchema.VECTOR, query, field);
        return rows.stream()
                .map(row -> {
                    float[] vector =
                            Vectors.admit("row", CollectionSchema.VECTOR, row.vector(), field);
                    return new Near(row.id(), score(field.metric(), asked, vector));
                })
                .sorted(Comparator.comparingDouble(Near::score).reversed().thenComparing(Near::id))
                .map(Near::id)
                .toList();
    }

    private static double score(Metric metric, float[] a, float[] b) {
        double product = 0;
        double squares = 0;
        for (int i = 0; i < a.length; i++) {
            product += (double) a[i] * b[i];
            squares += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
        }
        return metric == Metric.L2 ? -squares : product;
    }
}
