package dev.quern.flight;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.SpaceId;
import dev.quern.vector.AttributeType;
import dev.quern.vector.CollectionSchema;
import dev.quern.vector.CollectionSpec;
import dev.quern.vector.Metric;
import dev.quern.vector.Row;
import dev.quern.vector.TextField;
import dev.quern.vector.VectorField;
import dev.quern.vector.WriteBatch;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.flight.Ticket;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.ValueVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Rows of collections whose fields have names of their own.
class NamedFieldsTest {
    private static final String COLUMNS =
            "{id: utf8, body: utf8, title: utf8, attributes: utf8, body_v:"
                    + " fixed_size_list<float32>[3], title_v: fixed_size_list<float32>[2]}, all but"
                    + " id may be left out; got ";

    private @TempDir Path directory;
    private Rig rig;

    @BeforeEach
    void open() {
        rig = new Rig(directory, Rig.SMALL);
        create("papers", fields(Map.of("body_v", 3, "title_v", 2), "body", "title"));
    }

    @AfterEach
    void close() {
        rig.close();
    }

    @Test
    void eachFieldIsAColumn() {
        assertThat(rig.info("collection", "papers").getSchemaOptional().orElseThrow())
                .hasToString(
                        "Schema<id: Utf8 not null, body: Utf8, title: Utf8, attributes: Utf8 not"
                                + " null, body_v: FixedSizeList(3)<item: FloatingPoint(SINGLE)>,"
                                + " title_v: FixedSizeList(2)<item: FloatingPoint(SINGLE)>>");
        create("one", fields(Map.of("image", 2)));
        assertThat(rig.info("collection", "one").getSchemaOptional().orElseThrow())
                .hasToString(
                        "Schema<id: Utf8 not null, attributes: Utf8 not null, image:"
                                + " FixedSizeList(2)<item: FloatingPoint(SINGLE)> not null>");
    }

    @Test
    void rowsGoOutAndComeBack() {
        writeTwo();
        List<String> before = describe("papers");

        assertThat(read("papers"))
                .containsExactly(
                        "{id=both, body=ein Text, title=a title,"
                                + " attributes={\"meta\":{\"deep\":[null,{\"n\":null}],\"x\":2.5},"
                                + "\"n\":7,\"when\":\"2026-11-22T08:00:00.250Z\"},"
                                + " body_v=[1.0,2.0,3.0], title_v=[4.0,5.0]}",
                        "{id=title, body=null, title=another, attributes={}, body_v=null,"
                                + " title_v=[6.0,7.0]}");
        create("copy", fields(Map.of("body_v", 3, "title_v", 2), "body", "title"));
        copy("papers", "copy");
        assertThat(describe("copy")).isEqualTo(before);
        assertThat(read("copy")).isEqualTo(read("papers"));
    }

    @Test
    void aNullVectorHoldsZeros() {
        writeTwo();
        forEachBatch(
                "papers",
                batch -> {
                    FixedSizeListVector lists = (FixedSizeListVector) batch.getVector("body_v");
                    Float4Vector numbers = (Float4Vector) lists.getDataVector();
                    assertThat(lists.isNull(1)).isTrue();
                    assertThat(List.of(numbers.get(3), numbers.get(4), numbers.get(5)))
                            .containsOnly(0f);
                });
    }

    @Test
    void collectionsOfTextsOrVectorsAlone() {
        create("texts", fields(Map.of(), "code"));
        create("vectors", fields(Map.of("image", 2)));
        write("texts", new Row("a", Map.of(), Map.of("code", "int x"), Map.of()));
        write("texts", new Row("b", Map.of(), Map.of(), Map.of("n", 1)));
        write("vectors", new Row("c", Map.of("image", new float[] {1, 2}), Map.of(), Map.of()));
        create("texts-copy", fields(Map.of(), "code"));
        create("vectors-copy", fields(Map.of("image", 2)));
        copy("texts", "texts-copy");
        copy("vectors", "vectors-copy");

        assertThat(read("texts-copy"))
                .containsExactly(
                        "{id=a, code=int x, attributes={}}",
                        "{id=b, code=null, attributes={\"n\":1}}");
        assertThat(read("vectors-copy")).containsExactly("{id=c, attributes={}, image=[1.0,2.0]}");
    }

    @Test
    void aRowOlderThanTheOnlyVectorFieldHasNone() {
        create("texts", fields(Map.of(), "code"));
        write("texts", new Row("a", Map.of(), Map.of("code", "int x"), Map.of()));
        rig.collections.addFields(SpaceId.DEFAULT, "texts", fields(Map.of("image", 2)));

        assertThat(read("texts")).containsExactly("{id=a, code=int x, attributes={}, image=null}");
    }

    @Test
    void batchesAreBoundedByAllVectors() {
        create("wide", fields(Map.of("a", 1_000, "b", 1_000), "text"));
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            float[] vector = new float[1_000];
            Arrays.fill(vector, i + 1);
            Map<String, float[]> vectors =
                    i % 2 == 0 ? Map.of("a", vector) : Map.of("a", vector, "b", vector);
            rows.add(new Row("r" + i, vectors, Map.of(), Map.of()));
        }
        write("wide", rows.toArray(Row[]::new));
        List<Integer> sizes = new ArrayList<>();
        List<String> ids = new ArrayList<>();
        forEachBatch(
                "wide",
                batch -> {
                    sizes.add(batch.getRowCount());
                    for (int i = 0; i < batch.getRowCount(); i++) {
                        ids.add(batch.getVector("id").getObject(i).toString());
                    }
                });

        // 128 KiB hold 16 rows of 8,000 bytes; 8,128 are counted for a row.
        assertThat(sizes).containsExactly(16, 16, 16, 2);
        assertThat(ids).containsExactlyElementsOf(rows.stream().map(Row::id).toList());
    }

    @Test
    void refusesColumnsThatDoNotFit() {
        Schema columns = rig.info("collection", "papers").getSchemaOptional().orElseThrow();
        Field id = columns.findField("id");
        assertSchemaFails(
                COLUMNS + "{id: utf8, vector: fixed_size_list<float32>[3]}",
                id,
                Rig.rows(3).findField("vector"));
        assertSchemaFails(
                COLUMNS + "{id: utf8, title_v: fixed_size_list<float32>[3]}",
                id,
                renamed(columns.findField("body_v"), "title_v"));
        assertSchemaFails(
                COLUMNS + "{id: utf8, title_v: utf8}",
                id,
                Field.nullable("title_v", ArrowType.Utf8.INSTANCE));
        assertSchemaFails(
                COLUMNS + "{id: utf8, title: fixed_size_list<float32>[2]}",
                id,
                renamed(columns.findField("title_v"), "title"));
        assertSchemaFails(
                COLUMNS + "{title_v: fixed_size_list<float32>[2]}", columns.findField("title_v"));
        assertSchemaFails(COLUMNS + "{id: utf8, id: utf8}", id, id);
    }

    @Test
    void refusesBadVectors() {
        assertRowFails("row \"r0\": has no vector, expected one in body_v or title_v", root -> {});
        assertRowFails(
                "row 0 of the batch: body_v is null at dimension 1",
                root -> {
                    FixedSizeListVector lists = (FixedSizeListVector) root.getVector("body_v");
                    lists.setNotNull(0);
                    ((Float4Vector) lists.getDataVector()).setSafe(0, 1);
                    ((Float4Vector) lists.getDataVector()).setSafe(2, 1);
                });
        assertThat(read("papers")).isEmpty();
    }

    private void assertRowFails(String message, Consumer<VectorSchemaRoot> fill) {
        Schema columns = rig.info("collection", "papers").getSchemaOptional().orElseThrow();
        try (Upload upload = upload("papers", columns)) {
            upload.send(
                    1,
                    root -> {
                        root.getFieldVectors().forEach(ValueVector::allocateNew);
                        byte[] id = "r0".getBytes(StandardCharsets.UTF_8);
                        ((VarCharVector) root.getVector("id")).setSafe(0, id);
                        fill.accept(root);
                    });
            Rig.assertFails(FlightStatusCode.INVALID_ARGUMENT, message, upload::finish);
        }
    }

    private void assertSchemaFails(String message, Field... columns) {
        try (Upload upload = upload("papers", new Schema(List.of(columns)))) {
            Rig.assertFails(FlightStatusCode.INVALID_ARGUMENT, message, upload::finish);
        }
    }

    private static Field renamed(Field field, String name) {
        return new Field(name, field.getFieldType(), field.getChildren());
    }

    /// Reads a collection and puts what came into another, the columns the other way round.
    private void copy(String from, String to) {
        FlightInfo info = rig.info("collection", from);
        List<Field> columns =
                new ArrayList<>(info.getSchemaOptional().orElseThrow().getFields()).reversed();
        try (Upload upload = upload(to, new Schema(columns))) {
            forEachBatch(
                    from, batch -> upload.send(batch.getRowCount(), root -> copy(batch, root)));
            assertThat(upload.finish()).isNotEmpty();
        }
    }

    private static void copy(VectorSchemaRoot from, VectorSchemaRoot to) {
        for (FieldVector column : to.getFieldVectors()) {
            column.allocateNew();
            for (int i = 0; i < from.getRowCount(); i++) {
                column.copyFromSafe(i, i, from.getVector(column.getName()));
            }
        }
    }

    private Upload upload(String collection, Schema columns) {
        return new Upload(rig, columns, List.of("collection", collection), Rig.auth());
    }

    private void writeTwo() {
        Map<String, Object> inner = new HashMap<>();
        inner.put("n", null);
        List<Object> deep = new ArrayList<>();
        deep.add(null);
        deep.add(inner);
        Map<String, Object> attributes =
                Map.of(
                        "when",
                        "2026-11-22T10:00:00.25+02:00",
                        "meta",
                        Map.of("deep", deep, "x", 2.5),
                        "n",
                        7);
        write(
                "papers",
                new Row(
                        "both",
                        Map.of("body_v", new float[] {1, 2, 3}, "title_v", new float[] {4, 5}),
                        Map.of("body", "ein Text", "title", "a title"),
                        attributes),
                new Row(
                        "title",
                        Map.of("title_v", new float[] {6, 7}),
                        Map.of("title", "another"),
                        Map.of()));
    }

    private void write(String collection, Row... rows) {
        rig.collections.write(SpaceId.DEFAULT, collection, WriteBatch.upsert(List.of(rows)));
    }

    private void create(String name, CollectionSchema schema) {
        rig.collections.create(SpaceId.DEFAULT, new CollectionSpec(name, schema), false);
    }

    /// Vector fields by their dimensions, text fields, and a datetime `when`.
    private static CollectionSchema fields(Map<String, Integer> dims, String... texts) {
        TreeMap<String, VectorField> vectors = new TreeMap<>();
        dims.forEach((name, count) ->
                vectors.put(name, VectorField.of(count, Metric.DOT, Optional.empty())));
        TreeMap<String, TextField> analysed = new TreeMap<>();
        List.of(texts).forEach(name -> analysed.put(name, TextField.english()));
        return new CollectionSchema(
                vectors, analysed, new TreeMap<>(Map.of("when", AttributeType.DATETIME)), false);
    }

    /// The rows as the collection has them.
    private List<String> describe(String collection) {
        return rig
                .collections
                .rows(SpaceId.DEFAULT, collection, Optional.empty(), 100, true)
                .rows()
                .stream()
                .map(row -> {
                    Map<String, Object> vectors = new TreeMap<>();
                    row.vectors().forEach((name, v) -> vectors.put(name, Arrays.toString(v)));
                    return row.id() + row.texts() + row.attributes() + vectors;
                })
                .toList();
    }

    /// The rows as they come over Flight, columns in order.
    private List<String> read(String collection) {
        List<String> rows = new ArrayList<>();
        forEachBatch(
                collection,
                batch -> {
                    for (int i = 0; i < batch.getRowCount(); i++) {
                        List<String> columns = new ArrayList<>();
                        for (FieldVector column : batch.getFieldVectors()) {
                            columns.add(column.getName() + "=" + column.getObject(i));
                        }
                        rows.add("{" + String.join(", ", columns) + "}");
                    }
                });
        return List.copyOf(new TreeSet<>(rows));
    }

    private void forEachBatch(String collection, Consumer<VectorSchemaRoot> consumer) {
        for (Ticket ticket : Rig.tickets(rig.info("collection", collection))) {
            Rig.forEachBatch(rig.client, ticket, consumer);
        }
    }
}
