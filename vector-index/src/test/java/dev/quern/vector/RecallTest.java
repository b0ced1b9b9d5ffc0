package dev.quern.vector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.vector.SearchOutcome.Strategy;
import dev.quern.vector.fused.FusedConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.util.Bits;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Graphs against the exact scan, on clusters of near neighbours.
final class RecallTest {
    private static final int ROWS = 22_000;
    private static final int DIMS = 32;
    private static final int CLUSTERS = 200;
    private static final int QUERIES = 60;
    private static final int LIMIT = 10;
    private static final double MIN_RECALL = 0.95;

    /// Shares of the rows that filters let pass, as one row in so many.
    private static final List<Integer> ONE_IN = List.of(2, 20, 200, 2_000);

    private static final Schema SCHEMA =
            Rig.schema(
                    DIMS,
                    Metric.COSINE,
                    Map.of("n", AttributeType.LONG, "x", AttributeType.DOUBLE));

    @TempDir Path directory;

    @Test
    void fusedGraphsFindNearlyAllOfTheNearest() {
        finds(
                FusedConfig.DEFAULTS,
                stats -> {
                    assertThat(stats.fusedRows()).isGreaterThan(ROWS / 2);
                    assertThat(stats.hnswRows()).isZero();
                });
    }

    /// What serves where a fused graph would not fit.
    @Test
    void luceneGraphsFindNearlyAllOfTheNearest() {
        finds(
                new FusedConfig(5_000, 0, 2),
                stats -> {
                    assertThat(stats.fusedRows()).isZero();
                    assertThat(stats.hnswRows()).isGreaterThan(ROWS / 2);
                });
    }

    private void finds(FusedConfig graphs, Consumer<CollectionStats> check) {
        Seed.run(random -> {
            // Merges run in the writing thread, so that what is searched has graphs.
            LuceneIndex.Tuning tuning =
                    new LuceneIndex.Tuning(1, Runnable::run, Runnable::run, () -> false, graphs);
            try (LuceneIndex index =
                    LuceneIndex.open(directory, SCHEMA, Optional.empty(), tuning)) {
                float[][] centres = centres(random);
                fill(index, centres, random);
                IndexSearcher searcher = index.acquire();
                try {
                    check.accept(CollectionStats.of(searcher.getIndexReader(), SCHEMA, false));
                    compare(searcher, centres, random);
                } finally {
                    index.release(searcher);
                }
            }
        });
    }

    private static float[][] centres(RandomGenerator random) {
        float[][] centres = new float[CLUSTERS][];
        for (int i = 0; i < CLUSTERS; i++) {
            centres[i] = gaussian(random, new float[DIMS], 1);
        }
        return centres;
    }

    private static void fill(LuceneIndex index, float[][] centres, RandomGenerator random)
            throws IOException {
        WriteCheck check = new WriteCheck(SCHEMA);
        for (int from = 0; from < ROWS; from += 1_000) {
            List<Row> rows = new ArrayList<>();
            for (int i = from; i < from + 1_000; i++) {
                float[] vector = gaussian(random, centres[random.nextInt(CLUSTERS)], 0.3);
                Map<String, Object> attributes = Map.of("n", i % 2_000, "x", (double) vector[0]);
                rows.add(new Row("r" + i, Optional.empty(), vector, attributes));
            }
            index.apply(check.check(WriteBatch.upsert(rows)), 1, SCHEMA);
            // Makes a segment, and when there are some, a merge.
            index.refresh();
        }
        // Deletes leave holes in the graphs.
        Filter some =
                new Filter.Range(
                        "n",
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(200L));
        index.apply(WriteBatch.deleteWhere(some), 2, SCHEMA);
        index.refresh();
    }

    private static float[] gaussian(RandomGenerator random, float[] around, double spread) {
        float[] vector = new float[around.length];
        for (int i = 0; i < vector.length; i++) {
            vector[i] = (float) (around[i] + random.nextGaussian() * spread);
        }
        return vector;
    }

    private static void compare(IndexSearcher searcher, float[][] centres, RandomGenerator random)
            throws IOException {
        float[][] queries = new float[QUERIES][];
        for (int i = 0; i < QUERIES; i++) {
            // By turns among the rows, and far from all clusters, which is harder.
            queries[i] =
                    i % 2 == 0
                            ? gaussian(random, centres[random.nextInt(CLUSTERS)], 0.3)
                            : gaussian(random, new float[DIMS], 1);
        }
        assertThat(recall(searcher, queries, Optional.empty())).isGreaterThanOrEqualTo(MIN_RECALL);
        double[] first = firstCoordinates(searcher);
        for (int oneIn : ONE_IN) {
            // Spread evenly; and on one side of all, toward which some queries lie, and some not.
            Filter spread = atLeast("n", (long) (2_000 - 2_000 / oneIn));
            Filter side = atLeast("x", first[first.length - first.length / oneIn]);
            for (Filter filter : List.of(spread, side)) {
                assertThat(recall(searcher, queries, Optional.of(filter)))
                        .as("%s", filter)
                        .isGreaterThanOrEqualTo(MIN_RECALL);
            }
        }
    }

    private static Filter atLeast(String field, Object value) {
        return new Filter.Range(
                field, Optional.of(value), Optional.empty(), Optional.empty(), Optional.empty());
    }

    private static double[] firstCoordinates(IndexSearcher searcher) throws IOException {
        List<Integer> docs = new ArrayList<>();
        for (LeafReaderContext leaf : searcher.getIndexReader().leaves()) {
            Bits live = leaf.reader().getLiveDocs();
            for (int doc = 0; doc < leaf.reader().maxDoc(); doc++) {
                if (live == null || live.get(doc)) {
                    docs.add(leaf.docBase + doc);
                }
            }
        }
        List<Double> values = new ArrayList<>();
        for (int doc : docs) {
            Row row = RowDocuments.row(searcher.storedFields(), doc);
            values.add((Double) row.attributes().get("x"));
        }
        return values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    }

    private static double recall(IndexSearcher searcher, float[][] queries, Optional<Filter> filter)
            throws IOException {
        int found = 0;
        int wanted = 0;
        for (float[] query : queries) {
            Set<String> exact = ids(search(searcher, query, true, filter));
            SearchOutcome outcome = search(searcher, query, false, filter);
            if (filter.isEmpty()) {
                assertThat(outcome.plans().getFirst().strategy()).isEqualTo(Strategy.GRAPH);
            }
            Set<String> graph = ids(outcome);
            assertThat(graph).hasSameSizeAs(exact);
            wanted += exact.size();
            graph.retainAll(exact);
            found += graph.size();
        }
        return found / (double) wanted;
    }

    private static SearchOutcome search(
            IndexSearcher searcher, float[] query, boolean exact, Optional<Filter> filter)
            throws IOException {
        SearchSpec spec = SearchSpec.of(List.of(new Leg.Dense(query, exact)), filter, LIMIT);
        return new Search(SCHEMA, spec, Rig.MEANS).run(searcher);
    }

    private static Set<String> ids(SearchOutcome outcome) {
        Set<String> ids = new HashSet<>();
        outcome.hits().forEach(hit -> ids.add(hit.row().id()));
        return ids;
    }
}
