package dev.quern.vector;

import static dev.quern.vector.Rig.NAME;
import static dev.quern.vector.Rig.SPACE;
import static dev.quern.vector.Rig.assertKind;
import static dev.quern.vector.Rig.row;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.ErrorKind;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class BadInputTest {
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

    @Test
    void refusesBadRows() {
        rig.create(2, Metric.COSINE);
        refusedRow("vector has 3 dims, field \"vector\" has 2", row("a", 1, 2, 3));
        refusedRow("got NaN at position 1", row("a", 1, Float.NaN));
        refusedRow("got Infinity at position 0", row("a", Float.POSITIVE_INFINITY, 1));
        refusedRow("vector is zero", row("a", 0, 0));
        refusedRow("id must be 1 to 512 bytes", row("", 1, 1));
        refusedRow("id must be 1 to 512 bytes of UTF-8, got 514", row("ä".repeat(257), 1, 1));
        refusedRow("half a surrogate pair", row("\ud800", 1, 1));
        refusedRow(
                "text \"text\" must be 0 to 1048576 bytes",
                row("a", "x".repeat((1 << 20) + 1), Map.of(), 1, 1));
        refusedRow("finite number", row("a", "t", Map.of("x", Double.NaN), 1, 1));
        refusedRow("attribute name must be", row("a", "t", Map.of("", 1), 1, 1));
        refusedRow(
                "must be 0 to 16384 bytes", row("a", "t", Map.of("x", "y".repeat(20_000)), 1, 1));
        assertKind(
                ErrorKind.INVALID,
                "attribute \"x\" must be a string",
                () -> row("a", "t", Map.of("x", new Object()), 1, 1));
        assertKind(ErrorKind.INVALID, "batch is empty", () -> rig.upsert());
        List<Row> many = IntStream.range(0, 10_001).mapToObj(i -> row("r" + i, 1, 1)).toList();
        assertKind(ErrorKind.INVALID, "10001 rows", () -> rig.write(WriteBatch.upsert(many)));
        assertThat(rig.rows()).isZero();
        assertThat(rig.tailFacts()).isZero();
    }

    private void refusedRow(String message, Row row) {
        assertKind(ErrorKind.INVALID, message, () -> rig.upsert(row("good", 1, 1), row));
    }

    @Test
    void refusesMagnitudesThatWouldOverflow() {
        rig.create(2, Metric.L2);
        refusedRow("at most 1e16", row("a", 1e20f, 1));
        rig.upsert(row("zero", 0, 0), row("a", 1e16f, -1e16f));
        assertThat(rig.ids(SearchSpec.dense(new float[] {0, 0}, 2))).containsExactly("zero", "a");
    }

    @Test
    void attributeKeepsTheTypeOfItsFirstValue() {
        rig.create(1, Metric.DOT);
        rig.upsert(row("a", "t", Map.of("n", 1, "price", 1.5), 1));
        refusedOne(
                "attribute \"n\" is a 64-bit integer in this collection, got a number", "n", 1.5);
        refusedOne("got a string", "n", "1");
        refusedOne("got a 64-bit integer", "price", (1L << 53) + 1);
        rig.upsert(row("b", "t", Map.of("price", 2), 1));
        assertThat(rig.find("b").orElseThrow().attributes()).containsEntry("price", 2.0);
        rig.upsert(row("c", "t", Map.of("mixed", 1), 1), row("d", "t", Map.of("mixed", 1.5), 1));
        assertThat(rig.find("c").orElseThrow().attributes()).containsEntry("mixed", 1.0);
        rig.restart();
        refusedOne("got a string", "mixed", "1");
        assertThat(rig.rows()).isEqualTo(4);
    }

    private void refusedOne(String message, String attribute, Object value) {
        assertKind(
                ErrorKind.INVALID,
                message,
                () -> rig.upsert(row("x", "t", Map.of(attribute, value), 1)));
    }

    @Test
    void boundsTheNumberOfAttributes() {
        rig.create(1, Metric.DOT);
        for (int i = 0; i < 8; i++) {
            int base = i * 32;
            Map<String, Object> attributes = new java.util.HashMap<>();
            IntStream.range(0, 32).forEach(j -> attributes.put("a" + (base + j), 1));
            rig.upsert(row("r" + i, "t", attributes, 1));
        }
        assertKind(
                ErrorKind.INVALID,
                "257 different attributes",
                () -> rig.upsert(row("x", "t", Map.of("more", 1), 1)));
    }

    @Test
    void refusesBadSearches() {
        rig.create(2, Metric.COSINE);
        rig.upsert(row("a", 1, 1));
        refusedSearch("limit must be 1 to 1000, got 0", SearchSpec.bm25("x", 0));
        refusedSearch("limit must be 1 to 1000, got 1001", SearchSpec.bm25("x", 1001));
        refusedSearch("query vector has 1 dims", SearchSpec.dense(new float[] {1}, 1));
        refusedSearch("query vector is zero", SearchSpec.dense(new float[] {0, 0}, 1));
        refusedSearch("got NaN", SearchSpec.dense(new float[] {0, Float.NaN}, 1));
        refusedSearch("number of legs", SearchSpec.of(List.of(), Optional.empty(), 1));
        refusedSearch("bytes of the text query", SearchSpec.bm25("x".repeat(70_000), 1));
        assertKind(
                ErrorKind.NOT_FOUND,
                "\"nope\"",
                () -> rig.service().search(SPACE, "nope", SearchSpec.bm25("x", 1)));
        assertKind(
                ErrorKind.INVALID,
                "collection name",
                () -> rig.service().search(SPACE, "../x", SearchSpec.bm25("x", 1)));
        assertKind(
                ErrorKind.INVALID,
                "limit",
                () -> rig.service().rows(SPACE, NAME, Optional.empty(), 0, false));
        assertKind(
                ErrorKind.INVALID, "dims must be 1 to 16384", () -> rig.create(16_385, Metric.L2));
    }

    private void refusedSearch(String message, SearchSpec spec) {
        assertKind(ErrorKind.INVALID, message, () -> rig.search(spec));
    }
}
