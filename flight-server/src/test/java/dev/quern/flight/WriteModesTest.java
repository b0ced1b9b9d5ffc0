package dev.quern.flight;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.SpaceId;
import dev.quern.vector.CollectionRef;
import dev.quern.vector.CollectionSpec;
import dev.quern.vector.Metric;
import dev.quern.vector.Row;
import dev.quern.vector.WriteBatch;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.TimeStampMilliTZVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Modes, conditions and times to live of rows that are put.
class WriteModesTest {
    private static final List<String> PATH = List.of("collection", "papers");
    private static final ArrowType INT64 = new ArrowType.Int(64, true);
    private static final Field ID = Field.notNullable("id", ArrowType.Utf8.INSTANCE);
    private static final Field TEXT = Field.nullable("text", ArrowType.Utf8.INSTANCE);
    private static final Field ATTRIBUTES = Field.nullable("attributes", ArrowType.Utf8.INSTANCE);
    private static final Field IF_VERSION = Field.nullable("if_version", INT64);
    private static final Field IF_ABSENT = Field.nullable("if_absent", ArrowType.Bool.INSTANCE);
    private static final Field TTL = Field.nullable("ttl", INT64);
    private static final Field EXPIRES_AT =
            Field.nullable("expires_at", new ArrowType.Timestamp(TimeUnit.MILLISECOND, "UTC"));

    private @TempDir Path directory;
    private Rig rig;
    private Field vector;

    @BeforeEach
    void open() {
        rig = new Rig(directory, Rig.SMALL);
        rig.collections.create(
                SpaceId.DEFAULT,
                new CollectionSpec("papers", 3, Metric.DOT, Optional.empty()),
                false);
        Field column = Rig.rows(3).findField("vector");
        vector = new Field("vector", FieldType.nullable(column.getType()), column.getChildren());
    }

    @AfterEach
    void close() {
        rig.close();
    }

    @Test
    void insertSkipsWhatIsThere() {
        write("a");

        Map<String, Object> answer = put("{\"mode\":\"insert\"}", "a", "b", "c");

        assertThat(answer)
                .containsEntry("upserted", 2)
                .containsEntry("skipped", 1)
                .containsEntry("skipped_ids", List.of("a"))
                .containsOnlyKeys("upserted", "token", "skipped", "skipped_ids");
        assertThat(row("a").texts()).containsEntry("text", "old");
        assertThat(row("b").texts()).containsEntry("text", "new");
    }

    @Test
    void updateSkipsWhatIsNotThere() {
        write("a");

        Map<String, Object> answer = put("{\"mode\":\"update\"}", "a", "b");

        assertThat(answer).containsEntry("upserted", 1).containsEntry("skipped_ids", List.of("b"));
        assertThat(row("a").texts()).containsEntry("text", "new");
        assertThat(find("b")).isEmpty();
    }

    @Test
    void upsertIsTheDefaultAndSkipsNothing() {
        write("a");

        assertThat(put("{\"mode\":\"upsert\"}", "a")).containsOnlyKeys("upserted", "token");
        assertThat(put("{}", "a")).containsEntry("upserted", 1);
        assertThat(put(null, "a")).containsEntry("upserted", 1);
    }

    @Test
    void theModeHoldsForEveryBatch() {
        List<String> answers;
        try (Upload upload = upload(ID, TEXT, vector)) {
            upload.send(1, root -> fill(root, "a"), "{\"mode\":\"insert\"}");
            upload.send(2, root -> fill(root, "a", "b"));
            answers = upload.finish();
        }

        int upserted = 0;
        int skipped = 0;
        for (String answer : answers) {
            Map<String, Object> body = json(answer);
            upserted += (Integer) body.getOrDefault("upserted", 0);
            skipped += (Integer) body.getOrDefault("skipped", 0);
        }
        assertThat(upserted).isEqualTo(2);
        assertThat(skipped).isEqualTo(1);
    }

    @Test
    void skippedIdsOfNumbersAreNumbers() {
        Field id = Field.notNullable("id", new ArrowType.Int(64, true));
        for (int round = 0; round < 2; round++) {
            try (Upload upload = upload(id, vector)) {
                upload.send(
                        1,
                        root -> {
                            fill(root, 1);
                            ((BigIntVector) root.getVector("id")).set(0, 7);
                        },
                        "{\"mode\":\"insert\"}");
                Map<String, Object> answer = json(upload.finish().getFirst());
                assertThat(answer.get("skipped_ids")).isEqualTo(round == 0 ? null : List.of(7));
            }
        }
    }

    @Test
    void patchMergesAndNullRemoves() {
        rig.collections.write(
                SpaceId.DEFAULT,
                "papers",
                WriteBatch.upsert(
                        List.of(
                                new Row(
                                        "a",
                                        Optional.of("old"),
                                        new float[] {1, 2, 3},
                                        Map.of("n", 1L, "gone", "x", "kept", true)))));

        Map<String, Object> answer =
                put(
                        new Schema(List.of(ID, ATTRIBUTES)),
                        "{\"mode\":\"patch\"}",
                        2,
                        root -> {
                            set(root, "id", "a", "b");
                            set(root, "attributes", "{\"n\":2,\"gone\":null}", "{}");
                        });

        assertThat(answer).containsEntry("upserted", 1).containsEntry("skipped_ids", List.of("b"));
        assertThat(row("a").attributes()).isEqualTo(Map.of("n", 2L, "kept", true));
        assertThat(row("a").texts()).containsEntry("text", "old");
        put(new Schema(List.of(ID, TEXT)), "{\"mode\":\"patch\"}", 1, root -> set(root, "id", "a"));
        assertThat(row("a").texts()).isEmpty();
        assertThat(row("a").attributes()).hasSize(2);
    }

    @Test
    void aPatchByColumnsRemovesByNull() {
        put(
                List.of("collection", "papers", "columns"),
                new Schema(
                        List.of(
                                ID,
                                vector,
                                Field.nullable("n", INT64),
                                Field.nullable("m", INT64))),
                null,
                1,
                root -> {
                    fill(root, "a");
                    ((BigIntVector) root.getVector("n")).setSafe(0, 1);
                    ((BigIntVector) root.getVector("m")).setSafe(0, 1);
                });
        put(
                List.of("collection", "papers", "columns"),
                new Schema(List.of(ID, Field.nullable("n", INT64))),
                "{\"mode\":\"patch\"}",
                1,
                root -> set(root, "id", "a"));

        assertThat(row("a").attributes()).isEqualTo(Map.of("m", 1L));
    }

    @Test
    void aWriteUnderAConditionIsWholeOrNot() {
        long version = write("a");
        assertThat(putIf("a", version, "b", null)).containsEntry("upserted", 2);

        FlightRuntimeException stale = Rig.failure(() -> putIf("c", null, "a", version));

        assertThat(stale.status().code()).isEqualTo(FlightStatusCode.ALREADY_EXISTS);
        assertThat(Rig.kind(stale)).contains("CONFLICT");
        assertThat(stale).hasMessageContaining("\"a\"").hasMessageContaining("" + version);
        assertThat(find("c")).isEmpty();
        assertThat(putIf("d", 0L, "c", null)).containsEntry("upserted", 2);
        assertThat(Rig.kind(Rig.failure(() -> putIf("d", 0L, "e", null)))).contains("CONFLICT");
    }

    @Test
    void ifAbsentIsVersionZero() {
        write("a");
        assertThat(Rig.kind(Rig.failure(() -> putAbsent("a", true)))).contains("CONFLICT");
        assertThat(putAbsent("b", true)).containsEntry("upserted", 1);
        assertThat(putAbsent("a", false)).containsEntry("upserted", 1);
    }

    @Test
    void rowsExpire() {
        put("{\"ttl\":60}", "all");
        Instant later = Rig.START.plusSeconds(1_000_000_000);
        put(
                new Schema(List.of(ID, vector, TTL, EXPIRES_AT)),
                "{\"ttl\":60}",
                3,
                root -> {
                    fill(root, "ttl", "at", "default");
                    ((BigIntVector) root.getVector("ttl")).setSafe(0, 3_600);
                    ((TimeStampMilliTZVector) root.getVector("expires_at"))
                            .setSafe(1, later.toEpochMilli());
                });
        put(
                new Schema(
                        List.of(ID, vector, Field.nullable("expires_at", ArrowType.Utf8.INSTANCE))),
                null,
                1,
                root -> {
                    fill(root, "text");
                    set(root, "expires_at", later.toString());
                });

        Instant now = rig.collections.now();
        assertThat(row("all").expires()).contains(now.plusSeconds(60));
        assertThat(row("ttl").expires()).contains(now.plusSeconds(3_600));
        assertThat(row("at").expires()).contains(later);
        assertThat(row("text").expires()).contains(later);
        assertThat(row("default").expires()).contains(now.plusSeconds(60));
    }

    @Test
    void anAttributeOfATermsNameHasAnotherColumn() {
        rig.collections.write(
                SpaceId.DEFAULT,
                "papers",
                WriteBatch.upsert(
                        List.of(
                                new Row(
                                        "a",
                                        Optional.empty(),
                                        new float[] {1, 2, 3},
                                        Map.of("ttl", 5L)))));

        Schema columns =
                rig.info("collection", "papers", "columns").getSchemaOptional().orElseThrow();
        assertThat(columns.findField("attributes.ttl").getType()).isEqualTo(INT64);
        put(
                List.of("collection", "papers", "columns"),
                new Schema(List.of(ID, vector, Field.nullable("attributes.ttl", INT64), TTL)),
                null,
                1,
                root -> {
                    fill(root, "b");
                    ((BigIntVector) root.getVector("attributes.ttl")).setSafe(0, 6);
                    ((BigIntVector) root.getVector("ttl")).setSafe(0, 60);
                });
        assertThat(row("b").attributes()).isEqualTo(Map.of("ttl", 6L));
        assertThat(row("b").expires()).isPresent();
    }

    @Test
    void refusesWhatItDoesNotKnow() {
        write("a");
        assertRefused(
                "'mode' must be upsert, insert, update or patch, got \"replace\"",
                () -> put("{\"mode\":\"replace\"}", "a"));
        assertRefused("DoPut metadata is not valid", () -> put("{\"modes\":\"insert\"}", "a"));
        assertRefused("DoPut metadata is not valid", () -> put("insert", "a"));
        assertRefused("'ttl' must be 1 to", () -> put("{\"ttl\":0}", "a"));
        assertRefused(
                "row \"a\": expected version must not be below 0",
                () -> putIf("a", -1L, "b", null));
        assertRefused(
                "if_versions: int64",
                () ->
                        put(
                                new Schema(
                                        List.of(ID, vector, Field.nullable("if_versions", INT64))),
                                null,
                                1,
                                root -> fill(root, "a")));
        assertRefused(
                "if_version: utf8",
                () ->
                        put(
                                new Schema(
                                        List.of(
                                                ID,
                                                vector,
                                                Field.nullable(
                                                        "if_version", ArrowType.Utf8.INSTANCE))),
                                null,
                                1,
                                root -> fill(root, "a")));
        assertRefused(
                "all but id may be left out",
                () ->
                        put(
                                new Schema(List.of(ID, Field.nullable("other", INT64))),
                                "{\"mode\":\"patch\"}",
                                1,
                                root -> set(root, "id", "a")));
        assertRefused(
                "all but id and vector may be left out",
                () ->
                        put(
                                new Schema(List.of(ID, TEXT)),
                                "{\"mode\":\"update\"}",
                                1,
                                root -> set(root, "id", "a")));
        assertThat(row("a").texts()).containsEntry("text", "old");
    }

    @Test
    void refusesABatchThatOneStepDoesNotHold() {
        String[] ids = IntStream.range(0, 10_001).mapToObj(i -> "r" + i).toArray(String[]::new);
        assertRefused(
                "it must have at most 10000 rows, got 10001",
                () ->
                        put(
                                new Schema(List.of(ID, vector, IF_VERSION)),
                                null,
                                ids.length,
                                root -> fill(root, ids)));
        assertThat(put("{\"mode\":\"insert\"}", ids)).containsEntry("upserted", 10_001);
        Map<String, Object> again = put("{\"mode\":\"insert\"}", ids);
        assertThat(again).containsEntry("upserted", 0).containsEntry("skipped", 10_001);
        assertThat((List<?>) again.get("skipped_ids")).hasSize(1_000);
    }

    private static void assertRefused(String message, ThrowingCallable call) {
        Rig.assertFails(FlightStatusCode.INVALID_ARGUMENT, message, call);
    }

    private Map<String, Object> putIf(
            String one, @Nullable Long first, String two, @Nullable Long second) {
        return put(
                new Schema(List.of(ID, TEXT, vector, IF_VERSION)),
                null,
                2,
                root -> {
                    fill(root, one, two);
                    BigIntVector versions = (BigIntVector) root.getVector("if_version");
                    if (first != null) {
                        versions.setSafe(0, first);
                    }
                    if (second != null) {
                        versions.setSafe(1, second);
                    }
                });
    }

    private Map<String, Object> putAbsent(String id, boolean absent) {
        return put(
                new Schema(List.of(ID, TEXT, vector, IF_ABSENT)),
                null,
                1,
                root -> {
                    fill(root, id);
                    ((BitVector) root.getVector("if_absent")).setSafe(0, absent ? 1 : 0);
                });
    }

    private Map<String, Object> put(@Nullable String metadata, String... ids) {
        return put(
                new Schema(List.of(ID, TEXT, vector)),
                metadata,
                ids.length,
                root -> fill(root, ids));
    }

    private Map<String, Object> put(
            Schema schema, @Nullable String metadata, int rows, Consumer<VectorSchemaRoot> fill) {
        return put(PATH, schema, metadata, rows, fill);
    }

    private Map<String, Object> put(
            List<String> path,
            Schema schema,
            @Nullable String metadata,
            int rows,
            Consumer<VectorSchemaRoot> fill) {
        try (Upload upload = new Upload(rig, schema, path, Rig.auth())) {
            upload.send(
                    rows,
                    root -> {
                        root.getFieldVectors().forEach(FieldVector::allocateNew);
                        fill.accept(root);
                    },
                    metadata);
            List<String> answers = new ArrayList<>(upload.finish());
            assertThat(answers).hasSize(1);
            return json(answers.getFirst());
        }
    }

    private Upload upload(Field... fields) {
        return new Upload(rig, new Schema(List.of(fields)), PATH, Rig.auth());
    }

    /// Rows of these ids, with vectors and, where there is a column for it, the text `new`.
    private static void fill(VectorSchemaRoot root, String... ids) {
        fill(root, ids.length);
        set(root, "id", ids);
        if (root.getVector("text") != null) {
            for (int i = 0; i < ids.length; i++) {
                ((VarCharVector) root.getVector("text")).setSafe(i, utf8("new"));
            }
        }
    }

    private static void fill(VectorSchemaRoot root, int rows) {
        root.getFieldVectors().forEach(FieldVector::allocateNew);
        FixedSizeListVector vectors = (FixedSizeListVector) root.getVector("vector");
        for (int i = 0; i < rows; i++) {
            vectors.setNotNull(i);
            for (int d = 0; d < 3; d++) {
                ((Float4Vector) vectors.getDataVector()).setSafe(i * 3 + d, d);
            }
        }
    }

    private static void set(VectorSchemaRoot root, String column, String... values) {
        for (int i = 0; i < values.length; i++) {
            ((VarCharVector) root.getVector(column)).setSafe(i, utf8(values[i]));
        }
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static Map<String, Object> json(String text) {
        return FlightJson.readObject("test", utf8(text));
    }

    /// Writes a row with the text `old`; returns its version.
    private long write(String id) {
        Row row = new Row(id, Optional.of("old"), new float[] {1, 2, 3}, Map.of());
        return rig.collections
                .write(SpaceId.DEFAULT, "papers", WriteBatch.upsert(List.of(row)))
                .token();
    }

    private Row row(String id) {
        return find(id).orElseThrow();
    }

    private Optional<Row> find(String id) {
        return rig.collections.find(SpaceId.DEFAULT, CollectionRef.of("papers"), id);
    }
}
