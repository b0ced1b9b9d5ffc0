package dev.quern.vector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.vector.SearchOutcome.LegPlan;
import dev.quern.vector.SearchOutcome.Strategy;
import dev.quern.vector.fused.FusedConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.util.BytesRef;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Searches under filters of every share, spread evenly, near the query and away from it, against
/// the exact scan: in a graph, in several segments, after deletes.
final class FilteredSearchTest {
    private static final int ROWS = 12_000;
    private static final int DIMS = 96;

    /// Enough that walks end by a margin.
    private static final int MANY_DIMS = 256;

    /// Dimensions in which vectors differ, as few as in those of texts: where each row is about as
    /// near as every other no graph finds its way.
    private static final int LATENT = 16;

    private static final int TOPICS = 24;
    private static final int QUERIES = 20;
    private static final int DOUBTS = 15;
    private static final double MIN_RECALL = 0.95;
    private static final List<Double> SHARES = List.of(0.9, 0.5, 0.05, 0.005, 0.0005);

    /// When every other row expires.
    private static final Instant OVER = Instant.parse("2026-11-22T12:00:00Z");

    @TempDir Path directory;

    private static Schema schema(Metric metric, int dims) {
        return Rig.schema(
                dims,
                metric,
                Map.of(
                        "even", AttributeType.DOUBLE,
                        "near", AttributeType.DOUBLE,
                        "n", AttributeType.LONG));
    }

    /// The index as it is searched; `near` of a row is its likeness to the first topic.
    private record Filled(
            IndexSearcher searcher,
            Schema schema,
            DenseLeg.Means means,
            float[][] topics,
            int dims) {
        /// The same as its readers see it at a moment.
        Filled at(Instant now) throws IOException {
            return new Filled(Expiry.visible(searcher, now), schema, means, topics, dims);
        }

        /// A vector near a topic.
        float[] query(RandomGenerator random, int topic) {
            return spread(around(random, topics[topic], 0.5), dims);
        }

        SearchOutcome search(float[] query, boolean exact, Filter filter, int limit)
                throws IOException {
            return search(new Leg.Dense(query, exact), filter, limit);
        }

        SearchOutcome search(Leg.Dense leg, Filter filter, int limit) throws IOException {
            SearchSpec spec = SearchSpec.of(List.of(leg), Optional.of(filter), limit);
            return new Search(schema, spec, means).run(searcher);
        }
    }

    private interface Body {
        void run(Filled filled, RandomGenerator random) throws IOException;
    }

    /// @param parts times at which segments are made, of which the last is not merged
    private void filled(Metric metric, int parts, DenseLeg.Means means, Body body) {
        filled(metric, DIMS, parts, means, body);
    }

    private void filled(Metric metric, int dims, int parts, DenseLeg.Means means, Body body) {
        Seed.run(random -> {
            Schema schema = schema(metric, dims);
            LuceneIndex.Tuning tuning =
                    new LuceneIndex.Tuning(
                            16,
                            Runnable::run,
                            Runnable::run,
                            () -> false,
                            new FusedConfig(1_000, 1L << 30, 1));
            try (LuceneIndex index =
                    LuceneIndex.open(directory, schema, Optional.empty(), tuning)) {
                float[][] topics = new float[TOPICS][];
                Arrays.setAll(topics, i -> around(random, new float[LATENT], 1));
                WriteCheck check = new WriteCheck(schema);
                for (int part = 0; part < parts; part++) {
                    List<Row> rows = new ArrayList<>();
                    for (int i = part; i < ROWS; i += parts) {
                        rows.add(row(random, topics, dims, i));
                    }
                    for (int from = 0; from < rows.size(); from += 1_000) {
                        List<Row> some = rows.subList(from, Math.min(rows.size(), from + 1_000));
                        index.apply(check.check(WriteBatch.upsert(some)), 1, schema);
                    }
                    index.refresh();
                    if (part < 2) {
                        boolean merging = index.merge(Duration.ofDays(1));
                        assertThat(merging || !index.isMerging()).isTrue();
                        index.refresh();
                    }
                }
                index.apply(WriteBatch.deleteWhere(new Filter.Eq("n", 3L)), 2, schema);
                index.refresh();
                IndexSearcher searcher = index.acquire();
                try {
                    CollectionStats stats =
                            CollectionStats.of(searcher.getIndexReader(), schema, false);
                    assertThat(stats.fusedRows()).isPositive();
                    body.run(new Filled(searcher, schema, means, topics, dims), random);
                } finally {
                    index.release(searcher);
                }
            }
        });
    }

    private static Row row(RandomGenerator random, float[][] topics, int dims, int i) {
        float[] vector = around(random, topics[random.nextInt(TOPICS)], 0.5);
        double near = -distance(vector, topics[0]);
        return new Row(
                        "r" + i,
                        Optional.empty(),
                        spread(vector, dims),
                        Map.of("even", random.nextDouble(), "near", near, "n", (long) (i % 10)))
                .expiring(i % 2 == 0 ? Optional.of(OVER) : Optional.empty());
    }

    private static double distance(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (a[i] - b[i]) * (a[i] - b[i]);
        }
        return Math.sqrt(sum);
    }

    private static float[] around(RandomGenerator random, float[] centre, double spread) {
        float[] vector = new float[centre.length];
        for (int i = 0; i < vector.length; i++) {
            vector[i] = (float) (centre[i] + random.nextGaussian() * spread);
        }
        return vector;
    }

    /// The same in all dimensions, at the same distances but for a factor, about.
    private static float[] spread(float[] latent, int dims) {
        RandomGenerator same = Seed.random(1);
        float[] vector = new float[dims];
        for (float x : latent) {
            for (int i = 0; i < dims; i++) {
                vector[i] += (float) (x * same.nextGaussian());
            }
        }
        return vector;
    }

    private static Filter between(String field, double from, double to) {
        return new Filter.Range(
                field, Optional.of(from), Optional.empty(), Optional.empty(), Optional.of(to));
    }

    /// Filters that pass a share of the rows: any, those nearest to the first topic, the farthest.
    private static List<Filter> filters(Filled filled, double share) throws IOException {
        double[] near = near(filled);
        int count = Math.max(2, (int) (near.length * share));
        return List.of(
                between("even", 0, share),
                between("near", near[near.length - count], Double.MAX_VALUE),
                between("near", -Double.MAX_VALUE, near[count - 1]));
    }

    private static double[] near(Filled filled) throws IOException {
        double[] near = new double[filled.searcher.getIndexReader().numDocs()];
        int count = 0;
        Optional<String> after = Optional.empty();
        do {
            RowPage page =
                    RowReader.page(
                            filled.searcher.getIndexReader(),
                            after.map(BytesRef::new),
                            1_000,
                            Set.of());
            for (Row row : page.rows()) {
                near[count++] = (double) Objects.requireNonNull(row.attributes().get("near"));
            }
            after = page.next();
        } while (after.isPresent());
        Arrays.sort(near);
        return near;
    }

    /// Recall of every filter. A few queries tell it to some hundredths only, so a filter that they
    /// put below the bound is asked many more before it is judged.
    private static void check(Filled filled, RandomGenerator random, int limit, int queries)
            throws IOException {
        for (double share : SHARES) {
            for (Filter filter : filters(filled, share)) {
                Recall recall = new Recall();
                recall.measure(filled, random, filter, limit, queries);
                if (recall.value() < MIN_RECALL) {
                    recall.measure(filled, random, filter, limit, DOUBTS * queries);
                }
                assertThat(recall.value())
                        .as("%s of %s, %s", limit, share, filter)
                        .isGreaterThanOrEqualTo(MIN_RECALL);
            }
        }
    }

    /// What planned searches found of the exact answers.
    private static final class Recall {
        private int found;
        private int wanted;

        double value() {
            return wanted == 0 ? 1 : found / (double) wanted;
        }

        void measure(Filled filled, RandomGenerator random, Filter filter, int limit, int queries)
                throws IOException {
            for (int i = 0; i < queries; i++) {
                float[] query = filled.query(random, i % 2 == 0 ? 0 : i % TOPICS);
                SearchOutcome exact = filled.search(query, true, filter, limit);
                SearchOutcome planned = filled.search(query, false, filter, limit);
                Set<String> both = ids(planned);
                assertThat(both).hasSameSizeAs(ids(exact));
                counts(planned.plans().getFirst(), exact.plans().getFirst());
                both.retainAll(ids(exact));
                found += both.size();
                wanted += exact.hits().size();
            }
        }
    }

    private static Set<String> ids(SearchOutcome outcome) {
        Set<String> ids = new HashSet<>();
        outcome.hits().forEach(hit -> ids.add(hit.row().id()));
        return ids;
    }

    private static void counts(LegPlan plan, LegPlan exact) {
        assertThat(plan.matching()).isIn(-1L, exact.matching());
        assertThat(plan.work().estimated()).isBetween(0L, (long) ROWS);
    }

    @ParameterizedTest
    @EnumSource
    void findsTheNearestUnderEveryFilter(Metric metric) {
        filled(metric, 1, Rig.MEANS, (filled, random) -> check(filled, random, 10, QUERIES));
    }

    @Test
    void findsThemWhereWalksEndByAMargin() {
        filled(
                Metric.COSINE,
                MANY_DIMS,
                1,
                Rig.MEANS,
                (filled, random) -> check(filled, random, 10, QUERIES));
    }

    @Test
    void findsThemInSeveralSegments() {
        filled(Metric.COSINE, 4, Rig.MEANS, (filled, random) -> check(filled, random, 10, QUERIES));
    }

    @Test
    void findsAThousandOfThem() {
        filled(Metric.L2, 1, Rig.MEANS, (filled, random) -> check(filled, random, 1_000, 4));
    }

    @Test
    void takesEveryWay() {
        filled(
                Metric.COSINE,
                1,
                DenseLeg.Means.of(SearchConfig.defaults()),
                (filled, random) -> {
                    EnumSet<Strategy> taken = EnumSet.noneOf(Strategy.class);
                    boolean abandoned = false;
                    for (double share : SHARES) {
                        for (Filter filter : filters(filled, share)) {
                            // Codes are made in slices, by searches that could use them.
                            for (int i = 0; i < QUERIES; i++) {
                                float[] query = filled.query(random, 0);
                                LegPlan plan =
                                        filled.search(query, false, filter, 10).plans().getFirst();
                                taken.add(plan.strategy());
                                abandoned |= plan.reason().contains("too few");
                            }
                        }
                    }
                    assertThat(taken)
                            .containsExactlyInAnyOrder(
                                    Strategy.EXACT, Strategy.CODES, Strategy.GRAPH);
                    assertThat(abandoned).isTrue();
                    assertThat(filled.means.filters().bytes()).isPositive();
                });
    }

    @Test
    void noWayFindsWhatExpiredNorForgetsWhatDidNot() {
        filled(
                Metric.COSINE,
                3,
                DenseLeg.Means.of(SearchConfig.defaults()),
                (filled, random) -> {
                    Filled before = filled.at(OVER.minusMillis(1));
                    Filled after = filled.at(OVER);
                    assertThat(after.searcher.getIndexReader().numDocs()).isEqualTo(ROWS * 4 / 10);
                    float[] query = filled.query(random, 0);
                    EnumSet<Strategy> taken = EnumSet.noneOf(Strategy.class);
                    for (double share : SHARES) {
                        for (Filter filter : filters(filled, share)) {
                            // Both fill the cache from which both are answered.
                            for (int i = 0; i < 6; i++) {
                                taken.add(asExact(i % 2 == 0 ? after : before, query, filter));
                                taken.add(asExact(i % 2 == 0 ? before : after, query, filter));
                            }
                            Filter odd = new Filter.In("n", List.of(1L, 5L, 7L, 9L));
                            assertThat(matching(after, query, filter))
                                    .isEqualTo(
                                            matching(
                                                    before,
                                                    query,
                                                    new Filter.And(List.of(filter, odd))));
                        }
                    }
                    assertThat(taken)
                            .containsExactlyInAnyOrder(
                                    Strategy.EXACT, Strategy.CODES, Strategy.GRAPH);
                    assertThat(filled.means.filters().bytes()).isPositive();
                    comparesAsItShows(after, query);
                });
    }

    private static long matching(Filled filled, float[] query, Filter filter) throws IOException {
        return filled.search(query, true, filter, 10).plans().getFirst().matching();
    }

    /// @return the way that was taken
    private static Strategy asExact(Filled filled, float[] query, Filter filter)
            throws IOException {
        SearchOutcome exact = filled.search(query, true, filter, 10);
        // As wide as by default where dimensions are many, so that walks are worth while.
        Leg.Dense narrow = new Leg.Dense(Optional.empty(), query, false, TunedWidth.DEFAULT);
        SearchOutcome planned = filled.search(narrow, filter, 10);
        LegPlan plan = planned.plans().getFirst();
        counts(plan, exact.plans().getFirst());
        Set<String> found = ids(planned);
        assertThat(found).hasSameSizeAs(ids(exact));
        Set<String> missed = ids(exact);
        missed.removeAll(found);
        assertThat(missed).as("%s %s", filter, plan).hasSizeLessThan(4);
        if (filled.searcher.getIndexReader().numDocs() < ROWS / 2) {
            assertThat(planned.hits())
                    .allMatch(
                            hit -> hit.row().attributes().get("n") instanceof Long n && n % 2 == 1);
        }
        return plan.strategy();
    }

    private static void comparesAsItShows(Filled filled, float[] query) throws IOException {
        RecallSamples samples = new RecallSamples(4, () -> OVER);
        Leg.Dense leg = new Leg.Dense(Optional.of("vector"), query, false, 0);
        samples.note(leg, Optional.of(between("even", 0, 0.5)));
        assertThat(samples.compareOne(filled.searcher, filled.schema, filled.means, 1, () -> true))
                .isTrue();
        assertThat(samples.report().values())
                .singleElement()
                .extracting(FieldRecall::recall)
                .satisfies(recall -> assertThat(recall).isGreaterThan(0.6));
    }

    @Test
    void filtersAfterwardsWhereThatIsCheaper() {
        assertThat(FilteredWalk.paysAfterwards(100_000, 50_000, 120)).isTrue();
        assertThat(FilteredWalk.paysAfterwards(100_000, 20_000, 120)).isFalse();
        assertThat(FilteredWalk.paysAfterwards(5_000, 2_500, 120)).isFalse();
        assertThat(IntStream.of(0, 1).noneMatch(n -> FilteredWalk.paysAfterwards(n, n, 120)))
                .isTrue();
    }
}
