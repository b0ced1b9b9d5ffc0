package dev.quern.flight;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.SpaceId;
import dev.quern.flight.Upload.TestRow;
import dev.quern.vector.CollectionSpec;
import dev.quern.vector.Metric;
import dev.quern.vector.Row;
import dev.quern.vector.WriteBatch;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.arrow.flight.Criteria;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.flight.Ticket;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.ValueVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RowsTest {
    private static final List<String> PATH = List.of("collection", "papers");

    private @TempDir Path directory;
    private Rig rig;

    @BeforeEach
    void open() {
        rig = new Rig(directory, Rig.SMALL);
        rig.collections.create(
                SpaceId.DEFAULT,
                new CollectionSpec("papers", 3, Metric.DOT, Optional.empty()),
                false);
    }

    @AfterEach
    void close() {
        rig.close();
    }

    @Test
    void sendsAnEmptyCollection() {
        FlightInfo info = rig.info("collection", "papers");

        assertThat(info.getRecords()).isZero();
        assertThat(info.getSchemaOptional()).contains(Rig.rows(3));
        assertThat(read(info)).isEmpty();
    }

    @Test
    void sendsEveryKindOfRow() {
        Map<String, Object> attributes =
                Map.of("s", "t\u00e9xt", "l", 7L, "d", 0.5, "b", true, "list", List.of("x", "y"));
        write(
                new Row("a", Optional.of("gr\u00fcn"), new float[] {1, -2, 0.25f}, attributes),
                new Row("b", Optional.empty(), new float[] {0, 0, 1}, Map.of()));

        Map<String, Received> rows = read(rig.info("collection", "papers"));

        Received a = Objects.requireNonNull(rows.get("a"));
        assertThat(a.text()).isEqualTo("gr\u00fcn");
        assertThat(a.vector()).containsExactly(1f, -2f, 0.25f);
        assertThat(json(a.attributes()))
                .containsEntry("s", "t\u00e9xt")
                .containsEntry("l", 7)
                .containsEntry("d", 0.5)
                .containsEntry("b", true)
                .containsEntry("list", List.of("x", "y"));
        assertThat(rows.get("b")).isEqualTo(new Received(null, "{}", List.of(0f, 0f, 1f)));
    }

    @Test
    void roundTripsThroughBoth() {
        List<TestRow> sent = new ArrayList<>();
        for (int i = 0; i < 9_000; i++) {
            sent.add(new TestRow("row-" + i, "text " + i, "{\"n\":" + i + "}", i, i / 2f, -i));
        }
        List<String> answers;
        try (Upload upload = upload(Rig.rows(3))) {
            upload.sendRows(sent.subList(0, 4_000));
            upload.sendRows(List.of());
            upload.sendRows(sent.subList(4_000, 9_000));
            answers = upload.finish();
        }

        int upserted = 0;
        for (String answer : answers) {
            Map<String, Object> body = json(answer);
            upserted += (Integer) Objects.requireNonNull(body.get("upserted"));
            assertThat(body).containsKey("token");
        }
        assertThat(upserted).isEqualTo(9_000);
        FlightInfo info = rig.info("collection", "papers");
        assertThat(info.getRecords()).isEqualTo(9_000);
        Map<String, Received> rows = read(info);
        assertThat(rows).hasSize(9_000);
        for (TestRow row : sent) {
            assertThat(rows.get(row.id()))
                    .isEqualTo(
                            new Received(
                                    row.text(),
                                    row.attributes(),
                                    List.of(row.vector()[0], row.vector()[1], row.vector()[2])));
        }
    }

    @Test
    void boundsItsBatches() {
        String text = "x".repeat(50_000);
        write(
                IntStream.range(0, 40)
                        .mapToObj(i -> new Row("r" + i, Optional.of(text), new float[3], Map.of()))
                        .toArray(Row[]::new));
        List<Integer> sizes = new ArrayList<>();
        for (Ticket ticket : Rig.tickets(rig.info("collection", "papers"))) {
            Rig.forEachBatch(rig.client, ticket, batch -> sizes.add(batch.getRowCount()));
        }

        // 128 KiB is reached by the third row.
        assertThat(sizes).hasSizeGreaterThanOrEqualTo(14).allMatch(rows -> rows <= 3);
        assertThat(sizes.stream().mapToInt(Integer::intValue).sum()).isEqualTo(40);
    }

    @Test
    void writesWithoutTextAndAttributes() {
        Schema schema =
                new Schema(
                        List.of(
                                Rig.rows(3).findField("vector"),
                                Field.nullable("id", ArrowType.Utf8.INSTANCE)));
        try (Upload upload = upload(schema)) {
            upload.sendRows(List.of(new TestRow("only", null, null, 1, 2, 3)));
            assertThat(upload.finish()).hasSize(1);
        }
        assertThat(read(rig.info("collection", "papers")))
                .containsOnly(Map.entry("only", new Received(null, "{}", List.of(1f, 2f, 3f))));
    }

    @Test
    void listsCollections() {
        List<String> names = new ArrayList<>();
        rig.client
                .listFlights(new Criteria("coll".getBytes(StandardCharsets.UTF_8)), Rig.auth())
                .forEach(info -> names.add(String.join("/", info.getDescriptor().getPath())));

        assertThat(names).containsExactly("collection/papers");
    }

    @Test
    void refusesWrongDims() {
        try (Upload upload = upload(Rig.rows(2))) {
            Rig.assertFails(
                    FlightStatusCode.INVALID_ARGUMENT,
                    "vector: fixed_size_list<float32>[3]}, all but id and vector may be left out;"
                            + " got {id: utf8, text: utf8, attributes: utf8, vector:"
                            + " fixed_size_list<float32>[2]}",
                    upload::finish);
        }
    }

    @Test
    void refusesOtherTypesAndColumns() {
        Field id = Field.notNullable("id", ArrowType.Utf8.INSTANCE);
        Field vector = Rig.rows(3).findField("vector");
        Field doubles =
                new Field(
                        "vector",
                        FieldType.nullable(new ArrowType.FixedSizeList(3)),
                        List.of(
                                Field.nullable(
                                        "item",
                                        new ArrowType.FloatingPoint(
                                                FloatingPointPrecision.DOUBLE))));
        Field extra = Field.nullable("extra", ArrowType.Bool.INSTANCE);

        assertSchemaFails("got {id: utf8}", id);
        assertSchemaFails("got {vector: fixed", vector);
        assertSchemaFails("fixed_size_list<float64>[3]", id, doubles);
        assertSchemaFails("extra: bool", id, vector, extra);
        assertSchemaFails(
                "text: int64", id, vector, Field.nullable("text", new ArrowType.Int(64, true)));
    }

    @Test
    void refusesBadRows() {
        assertRowFails("NaN", new TestRow("n", null, null, 1, Float.NaN, 3));
        assertRowFails("Infinity", new TestRow("n", null, null, 1, Float.POSITIVE_INFINITY, 3));
        assertRowFails("attributes of row 1", new TestRow("n", null, "[1]", 1, 2, 3));
        assertRowFails("attributes of row 1", new TestRow("n", null, "{", 1, 2, 3));
        assertRowFails("got null", new TestRow("n", null, "{\"nothing\":null}", 1, 2, 3));
        assertRowFails("id", new TestRow("", null, null, 1, 2, 3));
        assertThat(read(rig.info("collection", "papers"))).isEmpty();
    }

    @Test
    void refusesNulls() {
        assertSpoiltFails("id is null", root -> root.getVector("id").setNull(1));
        assertSpoiltFails("vector is null", root -> root.getVector("vector").setNull(1));
        assertSpoiltFails(
                "row 1 of the batch: vector is null at dimension 2",
                root ->
                        ((FixedSizeListVector) root.getVector("vector"))
                                .getDataVector()
                                .setNull(5));
    }

    @Test
    void refusesOffsetsThatLeadOutOfTheBatch() {
        assertSpoiltFails(
                "no valid Arrow batch",
                root -> root.getVector("id").getOffsetBuffer().setInt(Integer.BYTES, 1 << 30));
        assertSpoiltFails(
                "no valid Arrow batch",
                root -> root.getVector("id").getOffsetBuffer().setInt(Integer.BYTES, -5));
    }

    @Test
    void refusesTextThatIsNotUtf8() {
        assertSpoiltFails(
                "no valid Arrow batch: Non-UTF-8 data in VarCharVector at position 1",
                root -> ((VarCharVector) root.getVector("id")).set(1, new byte[] {(byte) 0xFF}));
    }

    @Test
    void keepsWhatWasAcknowledgedBeforeAFailure() {
        try (Upload upload = upload(Rig.rows(3))) {
            upload.sendRows(List.of(new TestRow("good", null, null, 1, 2, 3)));
            upload.sendRows(List.of(new TestRow("bad", null, null, 1, Float.NaN, 3)));
            Rig.assertFails(FlightStatusCode.INVALID_ARGUMENT, "bad", upload::finish);
        }
        assertThat(read(rig.info("collection", "papers"))).containsOnlyKeys("good");
    }

    @Test
    void namesWhatIsNotThere() {
        Rig.assertFails(
                FlightStatusCode.NOT_FOUND, "nothing", () -> rig.info("collection", "nothing"));
        try (Upload upload =
                new Upload(rig, Rig.rows(3), List.of("collection", "nothing"), Rig.auth())) {
            Rig.assertFails(FlightStatusCode.NOT_FOUND, "nothing", upload::finish);
        }
    }

    @Test
    void aTicketDoesNotReadALaterCollectionOfThatName() {
        Ticket ticket = Rig.tickets(rig.info("collection", "papers")).getFirst();
        rig.collections.delete(SpaceId.DEFAULT, "papers");
        Rig.assertFails(FlightStatusCode.NOT_FOUND, "papers", () -> drain(ticket));

        rig.collections.create(
                SpaceId.DEFAULT,
                new CollectionSpec("papers", 3, Metric.DOT, Optional.empty()),
                false);

        Rig.assertFails(FlightStatusCode.NOT_FOUND, "another has its name", () -> drain(ticket));
    }

    @Test
    void readsASnapshotAndUnderAnAlias() {
        write(new Row("a", Optional.empty(), new float[] {1, 2, 3}, Map.of()));
        rig.collections.versions().snapshot(SpaceId.DEFAULT, "papers", "v1");
        rig.collections.names().setAlias(SpaceId.DEFAULT, "live", "papers");
        write(new Row("b", Optional.empty(), new float[] {1, 2, 3}, Map.of()));

        FlightInfo info = rig.info("collection", "papers", "at", "v1");
        assertThat(info.getRecords()).isEqualTo(1);
        assertThat(read(info)).containsOnlyKeys("a");
        assertThat(read(rig.info("collection", "live"))).containsOnlyKeys("a", "b");
        assertThat(read(rig.info("collection", "live", "at", "v1"))).containsOnlyKeys("a");
        Rig.assertFails(
                FlightStatusCode.NOT_FOUND,
                "no snapshot \"v2\"",
                () -> rig.info("collection", "papers", "at", "v2"));
        try (Upload upload =
                new Upload(
                        rig,
                        Rig.rows(3),
                        List.of("collection", "papers", "at", "v1"),
                        Rig.auth())) {
            Rig.assertFails(FlightStatusCode.INVALID_ARGUMENT, "into a snapshot", upload::finish);
        }
    }

    @Test
    void getsTheSchemaAlone() {
        Schema schema =
                rig.client
                        .getSchema(FlightDescriptor.path("collection", "papers"), Rig.auth())
                        .getSchema();

        assertThat(schema).isEqualTo(Rig.rows(3));
        assertThat(schema)
                .hasToString(
                        "Schema<id: Utf8 not null, text: Utf8, attributes: Utf8 not null, vector:"
                                + " FixedSizeList(3)<item: FloatingPoint(SINGLE)> not null>");
    }

    private void assertSpoiltFails(String message, Consumer<VectorSchemaRoot> spoil) {
        try (Upload upload = upload(nullable())) {
            upload.send(2, root -> fillAndSpoil(root, spoil));
            Rig.assertFails(FlightStatusCode.INVALID_ARGUMENT, message, upload::finish);
        }
    }

    private static void fillAndSpoil(VectorSchemaRoot root, Consumer<VectorSchemaRoot> spoil) {
        root.getFieldVectors().forEach(ValueVector::allocateNew);
        FixedSizeListVector vectors = (FixedSizeListVector) root.getVector("vector");
        for (int i = 0; i < 2; i++) {
            ((VarCharVector) root.getVector("id")).setSafe(i, new byte[] {'a'});
            vectors.setNotNull(i);
            for (int d = 0; d < 3; d++) {
                ((Float4Vector) vectors.getDataVector()).setSafe(i * 3 + d, 1);
            }
        }
        spoil.accept(root);
    }

    private static Schema nullable() {
        Field vector = Rig.rows(3).findField("vector");
        return new Schema(
                List.of(
                        Field.nullable("id", ArrowType.Utf8.INSTANCE),
                        new Field(
                                "vector",
                                FieldType.nullable(vector.getType()),
                                vector.getChildren())));
    }

    private void assertRowFails(String message, TestRow bad) {
        try (Upload upload = upload(Rig.rows(3))) {
            upload.sendRows(List.of(new TestRow("good", null, "{}", 1, 2, 3), bad));
            Rig.assertFails(FlightStatusCode.INVALID_ARGUMENT, message, upload::finish);
        }
    }

    private void assertSchemaFails(String message, Field... fields) {
        try (Upload upload = upload(new Schema(List.of(fields)))) {
            Rig.assertFails(FlightStatusCode.INVALID_ARGUMENT, message, upload::finish);
        }
    }

    private Upload upload(Schema schema) {
        return new Upload(rig, schema, PATH, Rig.auth());
    }

    private void write(Row... rows) {
        rig.collections.write(SpaceId.DEFAULT, "papers", WriteBatch.upsert(List.of(rows)));
    }

    private static Map<String, Object> json(@Nullable String text) {
        return FlightJson.readObject(
                "test", Objects.requireNonNull(text).getBytes(StandardCharsets.UTF_8));
    }

    private void drain(Ticket ticket) {
        Rig.forEachBatch(rig.client, ticket, batch -> {});
    }

    private Map<String, Received> read(FlightInfo info) {
        Map<String, Received> rows = new TreeMap<>();
        for (Ticket ticket : Rig.tickets(info)) {
            Rig.forEachBatch(rig.client, ticket, batch -> receive(batch, rows));
        }
        return rows;
    }

    private static void receive(VectorSchemaRoot batch, Map<String, Received> rows) {
        FixedSizeListVector vectors = (FixedSizeListVector) batch.getVector("vector");
        for (int i = 0; i < batch.getRowCount(); i++) {
            List<Float> vector = new ArrayList<>();
            vectors.getObject(i).forEach(element -> vector.add((Float) element));
            Received before =
                    rows.put(
                            batch.getVector("id").getObject(i).toString(),
                            new Received(
                                    string(batch, "text", i),
                                    string(batch, "attributes", i),
                                    vector));
            assertThat(before).isNull();
        }
    }

    private static @Nullable String string(VectorSchemaRoot batch, String column, int row) {
        Object value = batch.getVector(column).getObject(row);
        return value == null ? null : value.toString();
    }

    private record Received(
            @Nullable String text, @Nullable String attributes, List<Float> vector) {}
}
