package dev.quern.vector;

import static dev.quern.vector.Rig.NAME;
import static dev.quern.vector.Rig.SPACE;
import static dev.quern.vector.Rig.assertKind;
import static dev.quern.vector.Rig.row;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.quern.common.ErrorKind;
import dev.quern.common.SpaceId;
import dev.quern.vector.SearchOutcome.Strategy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource
final class CollectionServiceTest {
    @TempDir Path directory;

    @Parameter Rig.Stores stores = Rig.Stores.FAKE;

    private Rig rig;

    @BeforeEach
    void open() {
        rig = new Rig(directory, stores);
    }

    @AfterEach
    void close() {
        rig.close();
    }

    @Test
    void createsListsAndDeletes() {
        CollectionInfo created = rig.create(3, Metric.COSINE);
        assertThat(created.name()).isEqualTo(NAME);
        assertThat(created.id()).matches("[0-9a-f]{16}");
        assertThat(created.createdAt()).isEqualTo(Instant.parse("2026-01-02T03:04:05Z"));
        assertThat(created.rows()).isZero();
        rig.service()
                .create(
                        SPACE,
                        new CollectionSpec("a", 2, Metric.L2, Optional.of("all-MiniLM-L6-v2")),
                        false);
        assertThat(rig.service().list(SPACE))
                .extracting(CollectionInfo::name)
                .containsExactly("a", NAME);
        assertThat(rig.service().list(new SpaceId("other"))).isEmpty();
        rig.service().delete(SPACE, "a");
        assertThat(rig.service().list(SPACE)).containsExactly(created);
        assertKind(ErrorKind.NOT_FOUND, "\"a\"", () -> rig.service().get(SPACE, "a"));
        assertKind(ErrorKind.NOT_FOUND, "\"a\"", () -> rig.service().delete(SPACE, "a"));
    }

    @Test
    void createTwiceIsConflictUnlessAskedAndSame() {
        CollectionInfo created = rig.create(3, Metric.COSINE);
        assertKind(ErrorKind.CONFLICT, "exists already", () -> rig.create(3, Metric.COSINE));
        CollectionSpec same = new CollectionSpec(NAME, 3, Metric.COSINE, Optional.empty());
        assertThat(rig.service().create(SPACE, same, true)).isEqualTo(created);
        CollectionSpec other = new CollectionSpec(NAME, 4, Metric.COSINE, Optional.empty());
        assertKind(
                ErrorKind.CONFLICT,
                "3 dims, cosine, asked for 4 dims, cosine",
                () -> rig.service().create(SPACE, other, true));
    }

    @Test
    void recreatedCollectionIsEmpty() {
        CollectionInfo first = rig.create(2, Metric.L2);
        rig.upsert(row("a", 1, 2));
        rig.service().delete(SPACE, NAME);
        assertThat(directoriesOf(first)).isEmpty();
        CollectionInfo second = rig.create(2, Metric.L2);
        assertThat(second.id()).isNotEqualTo(first.id());
        assertThat(rig.rows()).isZero();
        rig.restart();
        assertThat(rig.ids(SearchSpec.dense(new float[] {1, 2}, 10))).isEmpty();
    }

    private List<Path> directoriesOf(CollectionInfo info) {
        Path path = rig.cache().resolve(SPACE.value()).resolve(info.id());
        return Stream.of(path).filter(Files::exists).toList();
    }

    @Test
    void writeIsSeenByTheNextSearch() {
        rig.create(2, Metric.COSINE);
        WriteResult first = rig.upsert(row("a", 1, 0), row("b", 0, 2));
        assertThat(first.upserted()).isEqualTo(2);
        assertThat(rig.ids(SearchSpec.dense(new float[] {0.1f, 1}, 10))).containsExactly("b", "a");
        WriteResult second = rig.upsert(row("a", 0.1f, 1));
        assertThat(second.token()).isGreaterThan(first.token());
        assertThat(rig.ids(SearchSpec.dense(new float[] {0.1f, 1}, 10))).containsExactly("a", "b");
        assertThat(rig.rows()).isEqualTo(2);
        WriteResult third = rig.write(WriteBatch.delete(List.of("a", "nobody", "a")));
        assertThat(third.deleted()).isEqualTo(1);
        assertThat(rig.ids(SearchSpec.dense(new float[] {0.1f, 1}, 10))).containsExactly("b");
    }

    @Test
    void deletesComeBeforeUpsertsAndTheLastDuplicateWins() {
        rig.create(1, Metric.DOT);
        rig.upsert(row("a", 1), row("b", 2));
        WriteResult result =
                rig.write(
                        new WriteBatch(
                                List.of(row("a", 7), row("c", 3), row("a", 9)),
                                List.of("a", "b"),
                                Optional.empty()));
        assertThat(result.upserted()).isEqualTo(2);
        assertThat(result.deleted()).isEqualTo(2);
        assertThat(rig.rows()).isEqualTo(2);
        assertThat(rig.find("a").orElseThrow().vector()).containsExactly(9);
        assertThat(rig.find("b")).isEmpty();
    }

    @Test
    void deletesByFilter() {
        rig.create(1, Metric.DOT);
        rig.upsert(
                row("a", "x", Map.of("path", "p", "line", 1), 1),
                row("b", "x", Map.of("path", "p", "line", 2), 1),
                row("c", "x", Map.of("path", "q", "line", 1), 1));
        Filter inP = new Filter.Eq("path", "p");
        assertThat(rig.write(WriteBatch.deleteWhere(inP)).deleted()).isEqualTo(2);
        assertThat(rig.write(WriteBatch.deleteWhere(inP)).deleted()).isZero();
        assertThat(rig.rows()).isEqualTo(1);
        WriteResult all = rig.write(WriteBatch.deleteWhere(new Filter.And(List.of())));
        assertThat(all.deleted()).isEqualTo(1);
        rig.upsert(row("d", 1));
        assertThat(rig.rows()).isEqualTo(1);
    }

    @Test
    void deleteByFilterInACollectionWithoutAttributesMatchesNothing() {
        rig.create(1, Metric.DOT);
        rig.upsert(row("a", 1));
        assertThat(rig.write(WriteBatch.deleteWhere(new Filter.Eq("path", "p"))).deleted())
                .isZero();
        assertThat(rig.rows()).isEqualTo(1);
    }

    @Test
    void rowsComeBackAsTheyWere() {
        rig.create(2, Metric.COSINE);
        Map<String, Object> attributes =
                Map.of(
                        "string",
                        "ü\u0000x",
                        "long",
                        Long.MIN_VALUE,
                        "int",
                        3,
                        "double",
                        -0.0,
                        "bool",
                        true,
                        "list",
                        List.of("b", "a", "b"),
                        "empty",
                        List.of());
        rig.upsert(row("ä/1#2", "Some text", attributes, 3, 4));
        Row found = rig.find("ä/1#2").orElseThrow();
        assertThat(found.text()).contains("Some text");
        assertThat(found.vector()).containsExactly(0.6f, 0.8f);
        assertThat(found.attributes())
                .containsEntry("string", "ü\u0000x")
                .containsEntry("long", Long.MIN_VALUE)
                .containsEntry("int", 3L)
                .containsEntry("double", -0.0)
                .containsEntry("bool", true)
                .containsEntry("list", List.of("b", "a", "b"))
                .containsEntry("empty", List.of());
        assertThat(rig.matching(new Filter.Eq("double", 0L), 1, 1)).containsExactly("ä/1#2");
    }

    @Test
    void scoresMeanWhatTheMetricSays() {
        float[] query = {3, 4};
        Map<Metric, List<Double>> expected =
                Map.of(
                        Metric.COSINE, List.of(1.0, 0.6, -1.0),
                        Metric.DOT, List.of(3.0, 50.0, -25.0),
                        Metric.L2, List.of(-Math.sqrt(20), -5.0, -10.0));
        expected.forEach((metric, scores) -> {
            String name = metric.toString();
            rig.service()
                    .create(SPACE, new CollectionSpec(name, 2, metric, Optional.empty()), false);
            List<Row> rows =
                    switch (metric) {
                        case COSINE -> List.of(row("a", 6, 8), row("b", 1, 0), row("c", -3, -4));
                        case DOT -> List.of(row("a", 1, 0), row("b", 6, 8), row("c", -3, -4));
                        case L2 -> List.of(row("a", 1, 0), row("b", 0, 0), row("c", -3, -4));
                    };
            rig.service().write(SPACE, name, WriteBatch.upsert(rows));
            for (Hit hit : rig.service().search(SPACE, name, SearchSpec.dense(query, 3)).hits()) {
                int index = hit.row().id().charAt(0) - 'a';
                assertThat(hit.score())
                        .as("%s %s", metric, hit.row().id())
                        .isCloseTo(scores.get(index), within(1e-5));
            }
        });
    }

    @Test
    void textIsSearchedAsPlainText() {
        rig.create(1, Metric.DOT);
        rig.upsert(
                row("a", "Running shoes for the marathon", Map.of(), 1),
                row("b", "A shoe is a shoe is a shoe", Map.of(), 1),
                row("c", "Nothing here", Map.of(), 1),
                row("d", 1));
        assertThat(rig.ids(SearchSpec.bm25("shoe", 10))).containsExactly("b", "a");
        assertThat(rig.ids(SearchSpec.bm25("runs!", 10))).containsExactly("a");
        String hostile = "\"shoe AND (text:[* TO \\ ~ ^^ // ) -- +marathon *?";
        assertThat(rig.ids(SearchSpec.bm25(hostile, 10))).contains("a", "b");
        assertThat(rig.ids(SearchSpec.bm25("the of and", 10))).isEmpty();
        assertThat(rig.ids(SearchSpec.bm25("", 10))).isEmpty();
        assertThat(rig.ids(SearchSpec.bm25("\ud800", 10))).isEmpty();
        String words = String.join(" ", IntStream.range(0, 5_000).mapToObj(i -> "w" + i).toList());
        assertThat(rig.ids(SearchSpec.bm25("shoe " + words, 10))).containsExactly("b", "a");
    }

    @Test
    void hybridSumsReciprocalRanks() {
        rig.create(2, Metric.COSINE);
        rig.upsert(
                row("a", "apple", Map.of(), 1, 0),
                row("b", "banana apple apple", Map.of(), 0.9f, 0.1f),
                row("c", "cherry", Map.of(), 0, 1));
        SearchOutcome outcome = rig.search(SearchSpec.hybrid(new float[] {1, 0}, "banana", 10));
        assertThat(outcome.hits()).extracting(h -> h.row().id()).containsExactly("b", "a", "c");
        assertThat(outcome.hits().get(0).score()).isEqualTo(1.0 / 62 + 1.0 / 61);
        assertThat(outcome.hits().get(1).score()).isEqualTo(1.0 / 61);
        assertThat(outcome.hits().get(2).score()).isEqualTo(1.0 / 63);
        assertThat(outcome.plans())
                .extracting(SearchOutcome.LegPlan::strategy)
                .containsExactly(Strategy.EXACT, Strategy.INVERTED);
        SearchSpec other =
                new SearchSpec(
                        List.of(new Leg.Bm25("apple"), new Leg.Bm25("apple")),
                        SearchOptions.first(10).fusedBy(new Fusion.Rrf(1, List.of())));
        assertThat(rig.search(other).hits().getFirst().score()).isEqualTo(1.0);
    }

    @Test
    void equalScoresComeInIdOrder() {
        rig.create(1, Metric.DOT);
        for (String id : List.of("c", "a", "d", "b")) {
            rig.upsert(row(id, "same words", Map.of(), 1));
            rig.ids(SearchSpec.bm25("same", 1));
        }
        assertThat(rig.ids(SearchSpec.hybrid(new float[] {1}, "words", 10)))
                .containsExactly("a", "b", "c", "d");
    }

    @Test
    void idsComeAloneWhenAskedFor() {
        rig.create(2, Metric.L2);
        rig.upsert(row("a", "text", Map.of("n", 1L), 1, 0), row("b", "text", Map.of(), 0, 2));
        SearchSpec spec = SearchSpec.hybrid(new float[] {1, 0}, "text", 10);
        List<Hit> whole = rig.search(spec).hits();
        List<Hit> bare = rig.search(spec.withIdsOnly()).hits();
        assertThat(whole.getFirst().row().text()).contains("text");
        assertThat(bare).extracting(Hit::score).isEqualTo(whole.stream().map(Hit::score).toList());
        assertThat(bare)
                .extracting(hit -> hit.row().id())
                .isEqualTo(whole.stream().map(hit -> hit.row().id()).toList());
        assertThat(bare).allMatch(hit -> hit.row().text().isEmpty());
        assertThat(bare).allMatch(hit -> hit.row().attributes().isEmpty());
    }

    @Test
    void aWidthOutOfBoundsIsNamed() {
        rig.create(2, Metric.L2);
        for (int width : new int[] {-1, 65_537}) {
            Leg leg = new Leg.Dense(Optional.empty(), new float[2], false, width);
            assertKind(
                    ErrorKind.INVALID,
                    "width must be 0 to 65536, got " + width,
                    () -> rig.search(SearchSpec.of(List.of(leg), Optional.empty(), 1)));
        }
    }

    @Test
    void vectorsComeOnlyWhenAskedFor() {
        rig.create(2, Metric.L2);
        rig.upsert(row("a", 1, 2), row("b", 3, 4));
        SearchSpec nearest = SearchSpec.dense(new float[] {3, 4}, 1);
        assertThat(rig.search(nearest).hits().getFirst().row().vector()).isEmpty();
        assertThat(rig.search(nearest.withVectors()).hits().getFirst().row().vector())
                .containsExactly(3, 4);
        RowPage page = rig.service().rows(SPACE, NAME, Optional.empty(), 10, true);
        assertThat(page.rows().getFirst().vector()).containsExactly(1, 2);
    }

    @Test
    void pagesInIdOrder() {
        rig.create(1, Metric.DOT);
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            String id = String.format("%03d", i * 7 % 50);
            rig.upsert(row(id, i), row("z" + i, 1));
            rig.write(WriteBatch.delete(List.of("z" + i)));
        }
        IntStream.range(0, 50).forEach(i -> expected.add(String.format("%03d", i)));
        List<String> found = new ArrayList<>();
        Optional<String> after = Optional.empty();
        int pages = 0;
        do {
            RowPage page = rig.service().rows(SPACE, NAME, after, 20, false);
            page.rows().forEach(r -> found.add(r.id()));
            after = page.next();
            pages++;
        } while (after.isPresent());
        assertThat(found).isEqualTo(expected);
        assertThat(pages).isEqualTo(3);
        assertThat(rig.service().rows(SPACE, NAME, Optional.of("0249"), 1, false).rows())
                .extracting(Row::id)
                .containsExactly("025");
        assertThat(rig.service().rows(SPACE, NAME, Optional.of("zz"), 1, false).rows()).isEmpty();
    }

    @Test
    void bigRowsEndAPageEarly() {
        rig.create(1, Metric.DOT);
        String text = "word ".repeat(200_000);
        for (int i = 0; i < 20; i++) {
            rig.upsert(row("r" + i, text, Map.of(), 1));
        }
        RowPage page = rig.service().rows(SPACE, NAME, Optional.empty(), 100, false);
        assertThat(page.rows()).hasSize(17);
        assertThat(page.next()).isPresent();
        try (RowCursor cursor = rig.service().cursor(SPACE, NAME)) {
            assertThat(cursor.next(100)).hasSize(17);
            assertThat(cursor.next(100)).hasSize(3);
            assertThat(cursor.next(100)).isEmpty();
        }
    }

    @Test
    void cursorShowsOneMoment() {
        rig.create(2, Metric.L2);
        rig.upsert(row("a", "one", Map.of("n", 1), 1, 2), row("b", 3, 4), row("c", 5, 6));
        rig.write(WriteBatch.delete(List.of("b")));
        try (RowCursor cursor = rig.service().cursor(SPACE, NAME)) {
            rig.upsert(row("a", 9, 9), row("d", 1, 1));
            assertThat(cursor.collection().rows()).isEqualTo(2);
            List<Row> first = cursor.next(1);
            rig.service().delete(SPACE, NAME);
            List<Row> second = cursor.next(10);
            assertThat(cursor.next(10)).isEmpty();
            assertThat(Stream.concat(first.stream(), second.stream()).map(Row::id))
                    .containsExactlyInAnyOrder("a", "c");
            assertThat(first.getFirst().vector()).containsExactly(1, 2);
            assertThat(first.getFirst().attributes()).containsEntry("n", 1L);
        }
    }

    @Test
    void indexesTheMostDimensions() {
        rig.create(VectorField.MAX_DIMS, Metric.COSINE);
        float[] vector = new float[VectorField.MAX_DIMS];
        vector[16_383] = 1;
        rig.upsert(row("a", vector));
        assertThat(rig.search(SearchSpec.dense(vector, 1)).hits().getFirst().score())
                .isCloseTo(1, within(1e-6));
    }
}
