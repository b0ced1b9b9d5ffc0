package dev.quern.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import dev.quern.vector.fused.FusedConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.apache.lucene.search.IndexSearcher;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A search that takes its scores from what it computed on its way answers as one that reads the
/// vectors again (with hits explained, it does): the same rows in the same order, at the same
/// scores but for rounding; and its pages go on where they ended.
final class ScoredAsFoundTest {
    private static final int DIMS = 300;
    private static final int ROWS = 1_500;
    private static final int QUERIES = 20;
    private static final double ROUNDING = 1e-6;

    @TempDir Path directory;

    @ParameterizedTest
    @EnumSource
    void answersAsFromTheVectors(Metric metric) {
        Seed.run(random -> {
            Schema schema = Rig.schema(DIMS, metric, Map.of("n", AttributeType.LONG));
            LuceneIndex.Tuning tuning =
                    new LuceneIndex.Tuning(
                            16,
                            Runnable::run,
                            Runnable::run,
                            () -> false,
                            new FusedConfig(300, 1L << 30, 1));
            try (LuceneIndex index =
                    LuceneIndex.open(directory, schema, Optional.empty(), tuning)) {
                fill(index, schema, random);
                IndexSearcher searcher = index.acquire();
                try {
                    for (int i = 0; i < QUERIES; i++) {
                        float[] query = vector(random);
                        for (Optional<Filter> filter : filters(random)) {
                            check(searcher, schema, query, filter, 1 + random.nextInt(40));
                        }
                    }
                } finally {
                    index.release(searcher);
                }
            }
        });
    }

    /// Two segments with a graph each and a small one without; one row in four has a twin.
    private static void fill(LuceneIndex index, Schema schema, RandomGenerator random)
            throws IOException {
        WriteCheck check = new WriteCheck(schema);
        float[] last = vector(random);
        for (int part = 0; part < 3; part++) {
            List<Row> rows = new ArrayList<>();
            for (int i = part; i < (part == 2 ? 300 : ROWS); i += 3) {
                last = random.nextInt(4) == 0 ? last : vector(random);
                rows.add(new Row("r" + i, Optional.empty(), last, Map.of("n", (long) (i % 10))));
            }
            index.apply(check.check(WriteBatch.upsert(rows)), 1, schema);
            index.refresh();
            if (part == 0) {
                assertThat(index.merge(Duration.ofDays(1)) || !index.isMerging()).isTrue();
                index.refresh();
            }
        }
        index.apply(WriteBatch.deleteWhere(new Filter.Eq("n", 3L)), 2, schema);
        index.refresh();
    }

    private static float[] vector(RandomGenerator random) {
        float[] vector = new float[DIMS];
        for (int i = 0; i < DIMS; i++) {
            vector[i] = (float) random.nextGaussian() + (i < 30 ? 1 : 0);
        }
        return vector;
    }

    private static List<Optional<Filter>> filters(RandomGenerator random) {
        Filter half = new Filter.In("n", List.of(0L, 1L, 2L, 4L, 5L));
        return List.of(
                Optional.empty(),
                Optional.of(half),
                Optional.of(new Filter.Eq("n", (long) random.nextInt(10))));
    }

    private static void check(
            IndexSearcher searcher,
            Schema schema,
            float[] query,
            Optional<Filter> filter,
            int limit)
            throws IOException {
        SearchSpec spec = SearchSpec.dense(query, limit).withIdsOnly();
        spec = filter.isPresent() ? spec.where(filter.get()) : spec;
        SearchOutcome quick = run(searcher, schema, spec);
        SearchOutcome told =
                run(searcher, schema, new SearchSpec(spec.legs(), spec.options().explained()));
        assertThat(ids(quick)).isEqualTo(ids(told));
        for (int i = 0; i < quick.hits().size(); i++) {
            double exact = told.hits().get(i).score();
            assertThat(quick.hits().get(i).score())
                    .isCloseTo(exact, offset(ROUNDING * Math.max(1, Math.abs(exact))));
        }
        if (quick.next().isPresent()) {
            SearchOutcome page =
                    run(
                            searcher,
                            schema,
                            new SearchSpec(spec.legs(), spec.options().from(quick.next().get())));
            assertThat(ids(page)).doesNotContainAnyElementsOf(ids(quick));
        }
    }

    private static SearchOutcome run(IndexSearcher searcher, Schema schema, SearchSpec spec)
            throws IOException {
        return new Search(schema, spec, Rig.MEANS).run(searcher);
    }

    private static List<String> ids(SearchOutcome outcome) {
        return Arrays.asList(
                outcome.hits().stream().map(hit -> hit.row().id()).toArray(String[]::new));
    }
}
