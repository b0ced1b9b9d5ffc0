package dev.quern.vector;

import static dev.quern.vector.Rig.NAME;
import static dev.quern.vector.Rig.SPACE;
import static dev.quern.vector.Rig.assertKind;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.ErrorKind;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Collections of several vectors, texts and declared attributes.
final class SchemaTest {
    @TempDir Path directory;
    private Rig rig;

    @BeforeEach
    void open() {
        rig = new Rig(directory, Rig.Stores.FAKE);
    }

    @AfterEach
    void close() {
        rig.close();
    }

    private static CollectionSchema fields(
            Map<String, VectorField> vectors,
            Map<String, String> texts,
            Map<String, AttributeType> attributes,
            boolean strict) {
        TreeMap<String, TextField> analysed = new TreeMap<>();
        texts.forEach((name, analyzer) -> analysed.put(name, new TextField(analyzer)));
        return new CollectionSchema(
                new TreeMap<>(vectors), analysed, new TreeMap<>(attributes), strict);
    }

    private void create(CollectionSchema schema) {
        rig.service().create(SPACE, new CollectionSpec(NAME, schema), false);
    }

    private static VectorField vector(int dims, Metric metric) {
        return VectorField.of(dims, metric, Optional.empty());
    }

    private void createTwoVectors() {
        create(
                fields(
                        Map.of("title_v", vector(2, Metric.COSINE), "body_v", vector(3, Metric.L2)),
                        Map.of("title", "english", "body", "german"),
                        Map.of("when", AttributeType.DATETIME, "tags", AttributeType.STRINGS),
                        false));
    }

    private void writeTwo() {
        rig.upsert(
                new Row(
                        "both",
                        Map.of("title_v", new float[] {0, 2}, "body_v", new float[] {1, 1, 1}),
                        Map.of("title", "running mills", "body", "die laufenden Maschinen"),
                        Map.of("when", "2026-11-22", "tags", List.of("a", "b"))),
                new Row(
                        "title",
                        Map.of("title_v", new float[] {1, 0}),
                        Map.of("title", "a runner"),
                        Map.of("when", "2026-11-23T10:00:00+02:00")));
    }

    private List<String> ids(Leg leg) {
        return rig.ids(SearchSpec.of(List.of(leg), Optional.empty(), 10));
    }

    private static Leg dense(String field, float... query) {
        return new Leg.Dense(Optional.of(field), query, false, 0);
    }

    @Test
    void eachVectorFieldRanksTheRowsThatHaveIt() {
        createTwoVectors();
        writeTwo();
        for (int round = 0; round < 2; round++) {
            assertThat(ids(dense("title_v", 1, 0))).containsExactly("title", "both");
            assertThat(ids(dense("body_v", 0, 0, 0))).containsExactly("both");
            SearchSpec spec =
                    SearchSpec.of(List.of(dense("title_v", 0, 1)), Optional.empty(), 1)
                            .withVectors();
            Row row = rig.search(spec).hits().getFirst().row();
            assertThat(row.vectors().get("title_v")).containsExactly(0, 1);
            assertThat(row.vectors().get("body_v")).containsExactly(1, 1, 1);
            assertThat(rig.find("title").orElseThrow().vectors()).containsOnlyKeys("title_v");
            rig.restart();
        }
    }

    @Test
    void eachTextFieldHasItsAnalyzer() {
        createTwoVectors();
        writeTwo();
        assertThat(ids(new Leg.Bm25(Map.of("title", 1.0), "run"))).containsExactly("both");
        assertThat(ids(new Leg.Bm25(Map.of("body", 1.0), "laufend Maschine")))
                .containsExactly("both");
        assertThat(ids(new Leg.Bm25(Map.of("body", 1.0), "mills"))).isEmpty();
        assertThat(ids(new Leg.Bm25("mill Maschine runner"))).containsExactly("both", "title");
        assertThat(ids(new Leg.Bm25(Map.of("body", 0.01, "title", 100.0), "Maschine runner")))
                .containsExactly("title", "both");
    }

    @Test
    void legsAreFusedByWeight() {
        createTwoVectors();
        writeTwo();
        List<Leg> legs = List.of(dense("title_v", 1, 0), new Leg.Bm25("mill"));
        SearchSpec spec = SearchSpec.of(legs, Optional.empty(), 10);
        assertThat(rig.ids(fused(spec, new Fusion.Rrf(60, List.of(1.0, 100.0)))))
                .containsExactly("both", "title");
        assertThat(rig.ids(fused(spec, new Fusion.Rrf(60, List.of(1000.0, 0.001)))))
                .containsExactly("title", "both");
        SearchOutcome weighted = rig.search(fused(spec, new Fusion.Weighted(List.of(2.0, 3.0))));
        assertThat(weighted.hits())
                .extracting(hit -> hit.row().id())
                .containsExactly("both", "title");
        assertThat(weighted.hits()).extracting(Hit::score).containsExactly(3.0, 2.0);
        assertKind(
                ErrorKind.INVALID,
                "a weight for each of 2 legs",
                () -> rig.search(fused(spec, new Fusion.Weighted(List.of(1.0)))));
        assertKind(
                ErrorKind.INVALID,
                "above 0",
                () -> rig.search(fused(spec, new Fusion.Rrf(60, List.of(1.0, Double.NaN)))));
    }

    private static SearchSpec fused(SearchSpec spec, Fusion fusion) {
        return new SearchSpec(spec.legs(), spec.options().fusedBy(fusion));
    }

    @Test
    void datetimesAreReadAndCompared() {
        createTwoVectors();
        writeTwo();
        assertThat(rig.find("both").orElseThrow().attributes())
                .containsEntry("when", Instant.parse("2026-11-22T00:00:00Z"));
        assertThat(rig.find("title").orElseThrow().attributes())
                .containsEntry("when", Instant.parse("2026-11-23T08:00:00Z"));
        Filter later =
                new Filter.Range(
                        "when",
                        Optional.empty(),
                        Optional.of("2026-11-22T12:00:00Z"),
                        Optional.empty(),
                        Optional.empty());
        assertThat(rig.ids(SearchSpec.of(List.of(dense("title_v", 1, 1)), Optional.of(later), 10)))
                .containsExactly("title");
        assertKind(
                ErrorKind.INVALID,
                "expected a time such as",
                () -> rig.upsert(row("bad", Map.of("when", "yesterday"))));
        assertKind(
                ErrorKind.INVALID,
                "expected a time such as",
                () ->
                        rig.search(
                                SearchSpec.of(
                                        List.of(dense("title_v", 1, 1)),
                                        Optional.of(new Filter.Eq("when", "yesterday")),
                                        1)));
    }

    private static Row row(String id, Map<String, Object> attributes) {
        return new Row(id, Map.of("title_v", new float[] {1, 1}), Map.of(), attributes);
    }

    @Test
    void jsonIsKeptAndNotFilteredOn() {
        createTwoVectors();
        Map<String, Object> deep = new TreeMap<>();
        deep.put("list", List.of(1, "x", Map.of()));
        deep.put("n", 2.5);
        rig.upsert(row("a", Map.of("meta", deep, "numbers", List.of(1, 2.5), "flags", List.of())));
        rig.restart();
        Map<String, Object> kept = rig.find("a").orElseThrow().attributes();
        assertThat(kept)
                .containsEntry("meta", Map.of("list", List.of(1L, "x", Map.of()), "n", 2.5))
                .containsEntry("numbers", List.of(1.0, 2.5))
                .containsEntry("flags", List.of());
        assertThat(rig.service().schema(SPACE, NAME).attributes())
                .containsEntry("meta", AttributeType.JSON)
                .containsEntry("numbers", AttributeType.DOUBLES)
                .doesNotContainKey("flags");
        assertKind(
                ErrorKind.INVALID,
                "which is JSON",
                () ->
                        rig.search(
                                SearchSpec.of(
                                        List.of(dense("title_v", 1, 1)),
                                        Optional.of(new Filter.Exists("meta")),
                                        1)));
    }

    @Test
    void fieldsAreAddedWhileRowsAreThere() {
        createTwoVectors();
        writeTwo();
        rig.service()
                .addFields(
                        SPACE,
                        NAME,
                        fields(
                                Map.of("image", vector(4, Metric.DOT)),
                                Map.of("notes", "standard"),
                                Map.of("year", AttributeType.LONG),
                                true));
        rig.upsert(
                new Row(
                        "new",
                        Map.of("image", new float[] {1, 2, 3, 4}),
                        Map.of("notes", "running"),
                        Map.of("year", 2026)));
        rig.restart();
        assertThat(ids(dense("image", 1, 1, 1, 1))).containsExactly("new");
        assertThat(ids(new Leg.Bm25(Map.of("notes", 1.0), "run"))).isEmpty();
        assertThat(ids(new Leg.Bm25(Map.of("notes", 1.0), "running"))).containsExactly("new");
        assertThat(ids(dense("title_v", 1, 0))).containsExactly("title", "both");
        assertKind(
                ErrorKind.INVALID,
                "\"colour\" is not in the schema, which is strict",
                () -> rig.upsert(row("x", Map.of("colour", "red"))));
    }

    @Test
    void aFieldKeepsItsType() {
        createTwoVectors();
        assertKind(
                ErrorKind.CONFLICT,
                "vector field \"title_v\" is 2 dims, cosine, asked for 5 dims, cosine",
                () ->
                        add(
                                fields(
                                        Map.of("title_v", vector(5, Metric.COSINE)),
                                        Map.of(),
                                        Map.of(),
                                        false)));
        assertKind(
                ErrorKind.CONFLICT,
                "attribute \"when\" is datetime, asked for string",
                () -> add(fields(Map.of(), Map.of(), Map.of("when", AttributeType.STRING), false)));
        assertKind(
                ErrorKind.INVALID,
                "would be two of",
                () ->
                        add(
                                fields(
                                        Map.of("when", vector(2, Metric.DOT)),
                                        Map.of(),
                                        Map.of(),
                                        false)));
    }

    @Test
    void aFieldIsNotNamedAsARowsKey() {
        createTwoVectors();
        for (String name : List.of("id", "attributes")) {
            assertKind(
                    ErrorKind.INVALID,
                    "text field name must be 1 to 63 characters",
                    () -> add(fields(Map.of(), Map.of(name, "english"), Map.of(), false)));
            assertKind(
                    ErrorKind.INVALID,
                    "and not id or attributes, got \"" + name + "\"",
                    () ->
                            add(
                                    fields(
                                            Map.of(name, vector(2, Metric.DOT)),
                                            Map.of(),
                                            Map.of(),
                                            false)));
        }
    }

    private void add(CollectionSchema more) {
        rig.service().addFields(SPACE, NAME, more);
    }

    @Test
    void badRowsAndQueriesNameTheField() {
        createTwoVectors();
        assertKind(
                ErrorKind.INVALID,
                "row \"a\": has no vector, expected one in body_v or title_v",
                () -> rig.upsert(new Row("a", Map.of(), Map.of("title", "x"), Map.of())));
        assertKind(
                ErrorKind.INVALID,
                "no vector field \"vector\", it has body_v, title_v",
                () -> rig.upsert(Rig.row("a", 1, 2)));
        assertKind(
                ErrorKind.INVALID,
                "field \"body_v\" has 3",
                () -> rig.upsert(new Row("a", Map.of("body_v", new float[2]), Map.of(), Map.of())));
        assertKind(
                ErrorKind.INVALID,
                "no text field \"abstract\"",
                () ->
                        rig.upsert(
                                new Row(
                                        "a",
                                        Map.of("body_v", new float[3]),
                                        Map.of("abstract", "x"),
                                        Map.of())));
        assertKind(
                ErrorKind.INVALID,
                "must name one of the collection's vector fields body_v, title_v",
                () -> rig.search(SearchSpec.dense(new float[2], 1)));
        assertKind(ErrorKind.INVALID, "no vector field \"nose\"", () -> ids(dense("nose", 1)));
        assertKind(
                ErrorKind.INVALID,
                "boost of text field \"title\"",
                () -> ids(new Leg.Bm25(Map.of("title", 0.0), "x")));
        assertKind(ErrorKind.INVALID, "analyzer must be one of", () -> new TextField("klingon"));
    }

    @Test
    void aCollectionOfTextsAlone() {
        create(fields(Map.of(), Map.of("code", "ngram"), Map.of(), false));
        rig.upsert(new Row("a", Map.of(), Map.of("code", "int readFile(Path p)"), Map.of()));
        assertThat(ids(new Leg.Bm25("dfil"))).containsExactly("a");
        assertKind(
                ErrorKind.INVALID,
                "no vector field to search",
                () -> rig.search(SearchSpec.dense(new float[2], 1)));
        assertKind(
                ErrorKind.INVALID,
                "needs a vector field or a text field",
                () -> new CollectionSpec("none", CollectionSchema.none()));
    }
}
