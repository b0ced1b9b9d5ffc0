package dev.quern.vector;

import static dev.quern.vector.Rig.NAME;
import static dev.quern.vector.Rig.SPACE;
import static dev.quern.vector.Rig.assertKind;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.ErrorKind;
import dev.quern.vector.fused.FusedConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.lucene.search.IndexSearcher;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Pages, fields, explanations, counts and time limits of searches.
final class SearchPagesTest {
    private static final int ROWS = 57;

    @TempDir Path directory;
    private Rig rig;

    @BeforeEach
    void open() {
        rig = new Rig(directory, Rig.Stores.FAKE);
        rig.create(2, Metric.L2);
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < ROWS; i++) {
            int pair = i / 2;
            // Ties in pairs, so that pages end between equal scores.
            rows.add(
                    Rig.row(
                            "r%02d".formatted(i),
                            "mill ".repeat(1 + i % 3),
                            Map.of("n", i, "half", i * 0.5),
                            pair,
                            0));
        }
        rig.write(WriteBatch.upsert(rows));
    }

    @AfterEach
    void close() {
        rig.close();
    }

    private List<String> pages(SearchSpec spec) {
        List<String> ids = new ArrayList<>();
        SearchOptions options = spec.options();
        while (true) {
            SearchOutcome outcome = rig.search(new SearchSpec(spec.legs(), options));
            outcome.hits().forEach(hit -> ids.add(hit.row().id()));
            if (outcome.next().isEmpty()) {
                return ids;
            }
            SearchCursor next = outcome.next().get();
            assertThat(SearchCursor.parse(next.toString())).isEqualTo(next);
            options = options.from(next);
        }
    }

    @Test
    void pagesOfALegAreItsRankingCutUp() {
        SearchSpec all = SearchSpec.dense(new float[] {0, 0}, 1000);
        SearchSpec paged = SearchSpec.dense(new float[] {0, 0}, 7);
        assertThat(pages(paged)).hasSize(ROWS).isEqualTo(rig.ids(all));
        assertThat(pages(SearchSpec.bm25("mill", 10)))
                .isEqualTo(rig.ids(SearchSpec.bm25("mill", 1000)));
    }

    @Test
    void pagesOfSeveralLegsAreTheFusionCutUp() {
        SearchSpec all = SearchSpec.hybrid(new float[] {0, 0}, "mill", 100);
        assertThat(pages(SearchSpec.hybrid(new float[] {0, 0}, "mill", 9)))
                .hasSize(ROWS)
                .isEqualTo(rig.ids(all));
    }

    @Test
    void refusesACursorThatIsNotOurs() {
        for (String bad : List.of("", "x", "AAAA", "!!", "AQ", "_".repeat(1000))) {
            assertKind(ErrorKind.INVALID, "'after' must be", () -> SearchCursor.parse(bad));
        }
    }

    @Test
    void hitsHaveTheFieldsThatWereAskedFor() {
        Row only = first(new RowFields(Optional.of(Set.of("n", "vector")), Set.of(), false));
        assertThat(only.attributes()).containsOnlyKeys("n");
        assertThat(only.text()).isEmpty();
        assertThat(only.vector()).hasSize(2);
        Row without = first(new RowFields(Optional.empty(), Set.of("text", "half"), true));
        assertThat(without.attributes()).containsOnlyKeys("n");
        assertThat(without.text()).isEmpty();
        assertThat(without.vector()).hasSize(2);
        assertThat(first(RowFields.withoutVectors()).vector()).isEmpty();
        assertKind(
                ErrorKind.INVALID,
                "fields that the collection does not have: nose",
                () -> first(new RowFields(Optional.of(Set.of("nose", "n")), Set.of(), false)));
    }

    private Row first(RowFields fields) {
        SearchSpec spec = SearchSpec.dense(new float[] {0, 0}, 1);
        return rig.search(new SearchSpec(spec.legs(), spec.options().with(fields)))
                .hits()
                .getFirst()
                .row();
    }

    @Test
    void explainsTheLegs() {
        SearchSpec spec =
                SearchSpec.hybrid(new float[] {0, 0}, "mill", 3)
                        .where(
                                new Filter.Range(
                                        "n",
                                        Optional.empty(),
                                        Optional.empty(),
                                        Optional.empty(),
                                        Optional.of(2L)));
        SearchOutcome outcome = rig.search(new SearchSpec(spec.legs(), spec.options().explained()));
        for (Hit hit : outcome.hits()) {
            double fused = 0;
            for (Optional<Hit.Place> place : hit.legs()) {
                fused += 1.0 / (60 + place.orElseThrow().rank());
            }
            assertThat(hit.score()).isEqualTo(fused);
        }
        assertThat(rig.search(spec).hits().getFirst().legs()).isEmpty();
        assertThat(outcome.plans()).extracting(SearchOutcome.LegPlan::matching).startsWith(2L);
    }

    @Test
    void counts() {
        assertThat(rig.service().count(SPACE, NAME, Optional.empty())).isEqualTo(ROWS);
        assertThat(rig.service().count(SPACE, NAME, Optional.of(new Filter.Eq("n", 3L))))
                .isEqualTo(1);
        assertKind(
                ErrorKind.INVALID,
                "\"nose\"",
                () -> rig.service().count(SPACE, NAME, Optional.of(new Filter.Exists("nose"))));
    }

    @Test
    void givesWhatItHasWhenTheTimeIsOver() throws IOException {
        Schema schema = Rig.schema(2, Metric.L2, Map.of("n", AttributeType.LONG));
        SearchSpec spec = SearchSpec.dense(new float[] {0, 0}, 5);
        SearchSpec timed = new SearchSpec(spec.legs(), spec.options().within(Duration.ofMillis(1)));
        AtomicLong clock = new AtomicLong();
        try (Lucene lucene = new Lucene(directory.resolve("lucene"), schema)) {
            IndexSearcher searcher = lucene.searcher();
            Search slow = new Search(schema, timed, Rig.MEANS, () -> clock.getAndAdd(2_000_000));
            assertThat(slow.run(searcher).partial()).isTrue();
            Search quick = new Search(schema, timed, Rig.MEANS, () -> 0);
            SearchOutcome whole = quick.run(searcher);
            assertThat(whole.partial()).isFalse();
            assertThat(whole.hits()).hasSize(5);
        }
        assertKind(
                ErrorKind.INVALID,
                "timeout in ms must be 1 to 600000, got 0",
                () ->
                        rig.search(
                                new SearchSpec(spec.legs(), spec.options().within(Duration.ZERO))));
    }

    /// An index of ten rows and a searcher on it.
    private static final class Lucene implements AutoCloseable {
        private final LuceneIndex index;
        private final IndexSearcher searcher;

        @SuppressWarnings("MustBeClosedChecker") // closed by close()
        Lucene(Path path, Schema schema) throws IOException {
            index =
                    LuceneIndex.open(
                            path,
                            schema,
                            Optional.empty(),
                            new LuceneIndex.Tuning(
                                    1,
                                    Runnable::run,
                                    Runnable::run,
                                    () -> false,
                                    FusedConfig.DEFAULTS));
            List<Row> rows = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                rows.add(Rig.row("r" + i, i, 0));
            }
            index.apply(WriteBatch.upsert(rows), 1, schema);
            index.refresh();
            searcher = index.acquire();
        }

        IndexSearcher searcher() {
            return searcher;
        }

        @Override
        public void close() throws IOException {
            index.release(searcher);
            index.close();
        }
    }
}
