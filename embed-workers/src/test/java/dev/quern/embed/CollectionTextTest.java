package dev.quern.embed;

import static dev.quern.embed.TestModels.MINILM;
import static dev.quern.embed.TestServices.SPACE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.vector.CollectionSpec;
import dev.quern.vector.Filter;
import dev.quern.vector.Metric;
import dev.quern.vector.SearchOutcome;
import dev.quern.vector.WriteBatch;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(vector),
                        Optional.of(new Filter.Eq("kind", "test")),
                        2,
                        true,
                        true);
        assertThat(query.effectiveMode()).isEqualTo(TextQuery.Mode.DENSE);
        SearchOutcome outcome = texts.search(SPACE, C, query);
        assertThat(outcome.hits()).hasSize(2);
        assertThat(outcome.hits().getFirst().row().id()).isEqualTo("weather");
        assertThat(outcome.hits().getFirst().row().vector()).hasSize(384);
    }

    @Test
    void keepsVectorsThatAreGiven() {
        services.collections.create(
                SPACE, new CollectionSpec("plain", 2, Metric.COSINE, Optional.empty()), false);
        TextRow given =
                new TextRow("a", Optional.of("t"), Optional.of(new float[] {0, 1}), Map.of());
        assertThat(texts.upsert(SPACE, "plain", List.of(given)).upserted()).isEqualTo(1);
        assertThat(services.collections.find(SPACE, "plain", "a").orElseThrow().vector())
                .containsExactly(0, 1);
        assertInvalid(() -> texts.upsert(SPACE, "plain", List.of(row("b", "no vector"))));
        assertInvalid(() -> texts.search(SPACE, "plain", TextQuery.of("needs a model", 1)));
        assertThat(
                        texts.search(SPACE, "plain", TextQuery.of("t", 1).in(TextQuery.Mode.BM25))
                                .hits())
                .hasSize(1);
    }

    @Test
    void refusesRowsAndQueriesWithNothingInThem() {
        TextRow nothing = new TextRow("x", Optional.empty(), Optional.empty(), Map.of());
        assertInvalid(() -> texts.upsert(SPACE, C, List.of(nothing)));
        assertInvalid(() -> texts.upsert(SPACE, C, List.of()));
        assertInvalid(() -> texts.search(SPACE, C, TextQuery.of(" ", 1)));
        TextQuery empty =
                new TextQuery(
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        1,
                        false,
                        false);
        assertInvalid(() -> texts.search(SPACE, C, empty));
        assertInvalid(() -> TextQuery.Mode.parse("fuzzy"));
        assertThat(TextQuery.Mode.parse("bm25")).isEqualTo(TextQuery.Mode.BM25);
    }

    @Test
    void emptyTextIsARowToo() {
        texts.upsert(SPACE, C, List.of(row("empty", "")));
        assertThat(services.collections.find(SPACE, C, "empty")).isPresent();
        services.collections.write(SPACE, C, WriteBatch.delete(List.of("empty")));
    }

    private String first(String query, TextQuery.Mode mode) {
        return texts.search(SPACE, C, TextQuery.of(query, 1).in(mode)).hits().getFirst().row().id();
    }

    private static TextRow row(String id, String text) {
        return new TextRow(id, Optional.of(text), Optional.empty(), Map.of("kind", "test"));
    }

    private static void assertInvalid(ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        QuernException.class,
                        e -> assertThat(e.kind()).isEqualTo(ErrorKind.INVALID));
    }
}
