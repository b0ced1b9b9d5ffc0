package dev.quern.embed;

import static dev.quern.embed.TestModels.MINILM;
import static dev.quern.embed.TestServices.SPACE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.vector.CollectionSchema;
import dev.quern.vector.CollectionSpec;
import dev.quern.vector.Filter;
import dev.quern.vector.Metric;
import dev.quern.vector.Row;
import dev.quern.vector.RowFields;
import dev.quern.vector.SearchOptions;
import dev.quern.vector.SearchOutcome;
import dev.quern.vector.TextField;
import dev.quern.vector.VectorField;
import dev.quern.vector.WriteBatch;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class CollectionTextTest {
    private static final String C = "texts";

    private EmbedService embedder;
    private TestServices services;
    private CollectionText texts;

    @BeforeAll
    @SuppressWarnings("MustBeClosedChecker") // closed after the last test
    void open(@TempDir Path directory) {
        embedder = EmbedService.open(new EmbedConfig(TestModels.DIRECTORY, 2, 4_096, 512));
        services = new TestServices(directory, embedder, SyncLimits.DEFAULT);
        texts = new CollectionText(services.collections, embedder);
        services.collections.create(
                SPACE, new CollectionSpec(C, 384, Metric.COSINE, Optional.of(MINILM)), false);
        texts.upsert(
                SPACE,
                C,
                List.of(
                        row("weather", "It is so sunny outside today."),
                        row("sport", "He drove to the football stadium."),
                        row("mill", "The miller grinds grain into flour."),
                        row("kubernetes", "Error code E4711 in the pod scheduler.")));
    }

    @AfterAll
    void close() {
        services.close();
        embedder.close();
    }

    @Test
    void findsByMeaning() {
        assertThat(first("lovely climate and bright sky", TextQuery.Mode.DENSE))
                .isEqualTo("weather");
        assertThat(first("how is bread flour made", TextQuery.Mode.DENSE)).isEqualTo("mill");
    }

    @Test
    void findsByWords() {
        assertThat(first("E4711", TextQuery.Mode.BM25)).isEqualTo("kubernetes");
        assertThat(first("E4711", TextQuery.Mode.HYBRID)).isEqualTo("kubernetes");
        assertThat(texts.search(SPACE, C, TextQuery.of("E4711", 10)).hits()).hasSize(4);
    }

    @Test
    void vectorAloneIsADenseSearch() {
        float[] vector = embedder.embed(MINILM, TestModels.texts("sunny day")).vectors()[0];
        TextQuery query =
                new TextQuery(
                        TextQuery.legs(
                                Optional.empty(), Optional.empty(), Optional.of(vector), true),
                        SearchOptions.first(2)
                                .where(new Filter.Eq("kind", "test"))
                                .with(RowFields.all()));
        assertThat(query.mode()).isEqualTo(TextQuery.Mode.DENSE);
        SearchOutcome outcome = texts.search(SPACE, C, query);
        assertThat(outcome.hits()).hasSize(2);
        assertThat(outcome.hits().getFirst().row().id()).isEqualTo("weather");
        assertThat(outcome.hits().getFirst().row().vector()).hasSize(384);
    }

    @Test
    void keepsVectorsThatAreGiven() {
        services.collections.create(
                SPACE, new CollectionSpec("plain", 2, Metric.COSINE, Optional.empty()), false);
        Row given = new Row("a", Optional.of("t"), new float[] {0, 1}, Map.of());
        assertThat(texts.upsert(SPACE, "plain", List.of(given)).upserted()).isEqualTo(1);
        assertThat(services.collections.find(SPACE, "plain", "a").orElseThrow().vector())
                .containsExactly(0, 1);
        assertInvalid(() -> texts.upsert(SPACE, "plain", List.of(row("b", "no vector"))));
        assertInvalid(() -> texts.search(SPACE, "plain", TextQuery.of("needs a model", 1)));
        assertThat(texts.search(SPACE, "plain", TextQuery.of(TextQuery.Mode.BM25, "t", 1)).hits())
                .hasSize(1);
    }

    @Test
    void refusesRowsAndQueriesWithNothingInThem() {
        Row nothing = new Row("x", Optional.empty(), new float[0], Map.of());
        assertInvalid(() -> texts.upsert(SPACE, C, List.of(nothing)));
        assertInvalid(() -> texts.upsert(SPACE, C, List.of()));
        assertInvalid(() -> texts.search(SPACE, C, TextQuery.of(" ", 1)));
        assertInvalid(
                () -> TextQuery.legs(Optional.empty(), Optional.empty(), Optional.empty(), false));
        assertInvalid(() -> TextQuery.Mode.parse("fuzzy"));
        assertThat(TextQuery.Mode.parse("bm25")).isEqualTo(TextQuery.Mode.BM25);
    }

    @Test
    void emptyTextIsARowToo() {
        texts.upsert(SPACE, C, List.of(row("empty", "")));
        assertThat(services.collections.find(SPACE, C, "empty")).isPresent();
        services.collections.write(SPACE, C, WriteBatch.delete(List.of("empty")));
    }

    @Test
    void eachFieldIsEmbeddedFromItsSource() {
        TreeMap<String, VectorField> vectors = new TreeMap<>();
        vectors.put("body", new VectorField(384, Metric.COSINE, Optional.of(MINILM), "text"));
        vectors.put("head", new VectorField(384, Metric.COSINE, Optional.of(MINILM), "title"));
        vectors.put("own", VectorField.of(2, Metric.L2, Optional.empty()));
        TreeMap<String, TextField> fields =
                new TreeMap<>(Map.of("text", TextField.english(), "title", TextField.english()));
        services.collections.create(
                SPACE,
                new CollectionSpec(
                        "many", new CollectionSchema(vectors, fields, new TreeMap<>(), false)),
                false);
        texts.upsert(
                SPACE,
                "many",
                List.of(
                        new Row(
                                "both",
                                Map.of(),
                                Map.of("text", "Grain is ground.", "title", "Football results"),
                                Map.of()),
                        new Row("title", Map.of(), Map.of("title", "The mill"), Map.of()),
                        new Row("own", Map.of("own", new float[] {1, 2}), Map.of(), Map.of())));
        assertThat(services.collections.find(SPACE, "many", "both").orElseThrow().vectors())
                .containsOnlyKeys("body", "head");
        assertThat(services.collections.find(SPACE, "many", "title").orElseThrow().vectors())
                .containsOnlyKeys("head");
        assertThat(firstIn("head", "sport")).isEqualTo("both");
        assertThat(firstIn("head", "flour")).isEqualTo("title");
        assertThat(firstIn("body", "sport")).isEqualTo("both");
        assertInvalid(() -> firstIn("own", "no model"));
        assertInvalid(() -> firstIn("gone", "no field"));
        assertInvalid(() -> texts.search(SPACE, "many", TextQuery.of("which field", 1)));
    }

    private String firstIn(String field, String text) {
        TextQuery query =
                new TextQuery(
                        List.of(
                                new TextLeg.Dense(
                                        Optional.of(field),
                                        Optional.of(text),
                                        Optional.empty(),
                                        false)),
                        SearchOptions.first(1));
        return texts.search(SPACE, "many", query).hits().getFirst().row().id();
    }

    private String first(String query, TextQuery.Mode mode) {
        return texts.search(SPACE, C, TextQuery.of(mode, query, 1)).hits().getFirst().row().id();
    }

    private static Row row(String id, String text) {
        return new Row(id, Optional.of(text), new float[0], Map.of("kind", "test"));
    }

    private static void assertInvalid(ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        QuernException.class,
                        e -> assertThat(e.kind()).isEqualTo(ErrorKind.INVALID));
    }
}
