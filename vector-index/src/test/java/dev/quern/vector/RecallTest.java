package dev.quern.vector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.vector.SearchOutcome.Strategy;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.apache.lucene.codecs.KnnVectorsReader;
import org.apache.lucene.codecs.hnsw.HnswGraphProvider;
import org.apache.lucene.codecs.perfield.PerFieldKnnVectorsFormat;
import org.apache.lucene.index.CodecReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.search.IndexSearcher;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The graph against the exact scan, on clusters of near neighbours.
final class RecallTest {
    private static final int ROWS = 16_000;
    private static final int DIMS = 32;
    private static final int CLUSTERS = 200;
    private static final int QUERIES = 60;
    private static final int LIMIT = 10;
    private static final double MIN_RECALL = 0.95;

    @TempDir Path directory;

    @Test
    void graphFindsNearlyAllOfTheNearest() {
        Seed.run(random -> {
            Definition definition =
                    new Definition(
                            Rig.SPACE,
                            "docs",
                            "0",
                            Instant.EPOCH,
                            DIMS,
                            Metric.COSINE,
                            Optional.empty(),
                            1);
            // Merges run in the writing thread, so that what is searched has graphs.
            LuceneIndex.Tuning tuning = new LuceneIndex.Tuning(1, Runnable::run);
            try (LuceneIndex index =
                    LuceneIndex.open(directory, definition, Optional.empty(), tuning)) {
                float[][] centres = centres(random);
                fill(index, definition, centres, random);
                IndexSearcher searcher = index.acquire();
                try {
                    assertThat(graphRows(searcher)).isGreaterThan(ROWS / 2);
                    compare(searcher, definition, centres, random);
                } finally {
                    index.release(searcher);
                }
            }
        });
    }

    private static AttributeTypes types() {
        return new AttributeTypes(1, Map.of("n", AttributeType.LONG));
    }

    private static float[][] centres(RandomGenerator random) {
        float[][] centres = new float[CLUSTERS][];
        for (int i = 0; i < CLUSTERS; i++) {
            centres[i] = gaussian(random, new float[DIMS], 1);
        }
        return centres;
    }

    private static void fill(
            LuceneIndex index, Definition definition, float[][] centres, RandomGenerator random)
            throws IOException {
        WriteCheck check = new WriteCheck(definition);
        for (int from = 0; from < ROWS; from += 1_000) {
            List<Row> rows = new ArrayList<>();
            for (int i = from; i < from + 1_000; i++) {
                float[] vector = gaussian(random, centres[random.nextInt(CLUSTERS)], 0.3);
                rows.add(new Row("r" + i, Optional.empty(), vector, Map.of("n", i % 100)));
            }
            index.apply(check.check(WriteBatch.upsert(rows)), types());
            // Makes a segment, and when there are some, a merge.
            index.refresh();
        }
        // Deletes leave holes in the graphs.
        Filter some = new Filter.Eq("n", 0L);
        index.apply(WriteBatch.deleteWhere(some), types());
        index.refresh();
    }

    private static float[] gaussian(RandomGenerator random, float[] around, double spread) {
        float[] vector = new float[around.length];
        for (int i = 0; i < vector.length; i++) {
            vector[i] = (float) (around[i] + random.nextGaussian() * spread);
        }
        return vector;
    }

    private static long graphRows(IndexSearcher searcher) throws IOException {
        long rows = 0;
        for (LeafReaderContext leaf : searcher.getIndexReader().leaves()) {
            KnnVectorsReader all = ((CodecReader) leaf.reader()).getVectorReader();
            KnnVectorsReader vectors =
                    ((PerFieldKnnVectorsFormat.FieldsReader) all)
                            .getFieldReader(RowDocuments.VECTOR);
            if (vectors instanceof HnswGraphProvider graphs
                    && graphs.getGraph(RowDocuments.VECTOR) != null) {
                rows += graphs.getGraph(RowDocuments.VECTOR).size();
            }
        }
        return rows;
    }

    private static void compare(
            IndexSearcher searcher,
            Definition definition,
            float[][] centres,
            RandomGenerator random)
            throws IOException {
        float[][] queries = new float[QUERIES][];
        for (int i = 0; i < QUERIES; i++) {
            // By turns among the rows, and far from all clusters, which is harder.
            queries[i] =
                    i % 2 == 0
                            ? gaussian(random, centres[random.nextInt(CLUSTERS)], 0.3)
                            : gaussian(random, new float[DIMS], 1);
        }
        assertThat(recall(searcher, definition, queries, Optional.empty()))
                .isGreaterThanOrEqualTo(MIN_RECALL);
        for (long percent : List.of(50L, 20L, 7L)) {
            Filter filter =
                    new Filter.Range(
                            "n",
                            Optional.empty(),
                            Optional.empty(),
                            Optional.of(percent),
                            Optional.empty());
            assertThat(recall(searcher, definition, queries, Optional.of(filter)))
                    .as("%d %%", percent)
                    .isGreaterThanOrEqualTo(MIN_RECALL);
        }
    }

    private static double recall(
            IndexSearcher searcher,
            Definition definition,
            float[][] queries,
            Optional<Filter> filter)
            throws IOException {
        int found = 0;
        for (float[] query : queries) {
            Set<String> exact = ids(search(searcher, definition, query, true, filter));
            SearchOutcome outcome = search(searcher, definition, query, false, filter);
            assertThat(outcome.plans().getFirst().strategy()).isEqualTo(Strategy.GRAPH);
            Set<String> graph = ids(outcome);
            graph.retainAll(exact);
            found += graph.size();
        }
        return found / (double) (QUERIES * LIMIT);
    }

    private static SearchOutcome search(
            IndexSearcher searcher,
            Definition definition,
            float[] query,
            boolean exact,
            Optional<Filter> filter)
            throws IOException {
        SearchSpec spec = SearchSpec.of(List.of(new Leg.Dense(query, exact)), filter, LIMIT);
        return new Search(definition, types(), spec, 100).run(searcher);
    }

    private static Set<String> ids(SearchOutcome outcome) {
        Set<String> ids = new HashSet<>();
        outcome.hits().forEach(hit -> ids.add(hit.row().id()));
        return ids;
    }
}
