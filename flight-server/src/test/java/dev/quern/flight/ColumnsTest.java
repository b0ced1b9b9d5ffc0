package dev.quern.flight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.SpaceId;
import dev.quern.vector.AttributeType;
import dev.quern.vector.CollectionSchema;
import dev.quern.vector.CollectionSpec;
import dev.quern.vector.IdType;
import dev.quern.vector.Metric;
import dev.quern.vector.Row;
import dev.quern.vector.RowCursor;
import dev.quern.vector.TextField;
import dev.quern.vector.VectorField;
import dev.quern.vector.WriteBatch;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.VectorLoader;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.VectorUnloader;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.ipc.message.ArrowRecordBatch;
import org.apache.arrow.vector.types.DateUnit;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Rows with a column for each attribute.
final class ColumnsTest {
    private static final List<Object> EDGES =
            List.of(
                    "",
                    "\u00fcber \u20ac \ud83d\ude00",
                    Long.MIN_VALUE,
                    Long.MAX_VALUE,
                    -0.0,
                    Double.MIN_VALUE,
                    Double.MAX_VALUE,
                    true,
                    Instant.parse("0000-01-01T00:00:00Z"),
                    Instant.parse("9999-12-31T23:59:59.999Z"));

    /// When the rows that expire do.
    private static final Instant LATE = Instant.parse("9000-01-02T03:04:05.678Z");

    private @TempDir Path directory;
    private Rig rig;

    @BeforeEach
    void open() {
        rig = new Rig(directory, Rig.SMALL);
    }

    @AfterEach
    void close() {
        rig.close();
    }

    private static CollectionSchema schema(IdType ids) {
        TreeMap<String, AttributeType> attributes = new TreeMap<>();
        for (AttributeType type : AttributeType.values()) {
            attributes.put(type.toString(), type);
        }
        // Names that are other columns'.
        attributes.put("id", AttributeType.STRING);
        attributes.put("attributes.id", AttributeType.LONG);
        attributes.put("attributes", AttributeType.JSON);
        return new CollectionSchema(
                new TreeMap<>(
                        Map.of(
                                "a", VectorField.of(3, Metric.COSINE, Optional.empty()),
                                "b", VectorField.of(1, Metric.L2, Optional.empty()))),
                new TreeMap<>(Map.of("title", TextField.english())),
                attributes,
                true,
                Optional.of(ids));
    }

    private void create(String name, CollectionSchema schema) {
        rig.collections.create(SpaceId.DEFAULT, new CollectionSpec(name, schema), false);
    }

    @Test
    void everyRowGoesOutAndComesBackExactly() {
        long seed = Long.getLong("quern.test.seed", System.nanoTime());
        Random random = new Random(seed);
        for (IdType ids : IdType.values()) {
            CollectionSchema schema = schema(ids);
            create("from-" + ids, schema);
            create("to-" + ids, schema);
            for (int batch = 0; batch < 4; batch++) {
                List<Row> rows = new ArrayList<>();
                for (int i = 0; i < 50; i++) {
                    rows.add(row(random, ids, schema));
                }
                rig.collections.write(SpaceId.DEFAULT, "from-" + ids, WriteBatch.upsert(rows));
            }
            copy("from-" + ids, "to-" + ids);
            assertThat(describe("to-" + ids))
                    .as("rerun: ./quern test unit --seed %s", seed)
                    .isEqualTo(describe("from-" + ids))
                    .hasSizeGreaterThan(100);
        }
    }

    private static Row row(Random random, IdType ids, CollectionSchema schema) {
        Map<String, Object> attributes = new TreeMap<>();
        schema.attributes()
                .forEach((name, type) -> {
                    if (random.nextInt(3) > 0) {
                        attributes.put(name, value(random, type));
                    }
                });
        Map<String, float[]> vectors = new TreeMap<>();
        vectors.put("a", new float[] {random.nextFloat(), 1, (float) random.nextGaussian()});
        if (random.nextBoolean()) {
            vectors.put("b", new float[] {random.nextFloat() * Float.MIN_NORMAL});
        }
        Row row =
                new Row(
                        switch (ids) {
                            case STRING -> "\u00e9" + random.nextInt(1_000);
                            case UINT64 -> Long.toUnsignedString(random.nextLong());
                        },
                        vectors,
                        random.nextBoolean()
                                ? Map.of()
                                : Map.of("title", "m\u00fchle " + random.nextInt()),
                        attributes);
        return random.nextBoolean()
                ? row
                : row.expiring(Optional.of(LATE.plusMillis(random.nextInt(1_000_000))));
    }

    private static Object value(Random random, AttributeType type) {
        return switch (type) {
            case STRING -> of(random, String.class, Integer.toString(random.nextInt()));
            case LONG -> of(random, Long.class, random.nextLong());
            case DOUBLE -> of(random, Double.class, random.nextGaussian());
            case BOOL -> random.nextBoolean();
            case DATETIME -> of(random, Instant.class, Instant.ofEpochMilli(random.nextInt()));
            case STRINGS -> list(random, AttributeType.STRING);
            case LONGS -> list(random, AttributeType.LONG);
            case DOUBLES -> list(random, AttributeType.DOUBLE);
            case BOOLS -> list(random, AttributeType.BOOL);
            case DATETIMES -> list(random, AttributeType.DATETIME);
            case JSON ->
                    switch (random.nextInt(4)) {
                        case 0 -> "a \"string\"";
                        case 1 -> 5L;
                        case 2 -> Arrays.asList(1L, null, "x", Map.of("deep", 1.0));
                        default -> Map.of("n", 1.0, "list", List.of());
                    };
        };
    }

    private static Object of(Random random, Class<?> type, Object value) {
        List<Object> edges = EDGES.stream().filter(type::isInstance).toList();
        return random.nextInt(4) == 0 ? edges.get(random.nextInt(edges.size())) : value;
    }

    private static List<Object> list(Random random, AttributeType element) {
        List<Object> values = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            values.add(value(random, element));
        }
        return values;
    }

    /// Every row, whole, in order of their texts.
    private List<String> describe(String collection) {
        TreeSet<String> rows = new TreeSet<>();
        try (RowCursor cursor = rig.collections.cursor(SpaceId.DEFAULT, collection)) {
            for (Row row : cursor.next(100_000)) {
                Map<String, Object> vectors = new TreeMap<>();
                row.vectors().forEach((name, v) -> vectors.put(name, Arrays.toString(v)));
                rows.add(row.id() + row.texts() + row.attributes() + vectors + row.expires());
            }
        }
        return List.copyOf(rows);
    }

    private void copy(String from, String to) {
        Schema columns = rig.info("collection", from, "columns").getSchemaOptional().orElseThrow();
        try (Upload upload = upload(to, columns)) {
            Rig.tickets(rig.info("collection", from, "columns"))
                    .forEach(ticket ->
                            Rig.forEachBatch(
                                    rig.client,
                                    ticket,
                                    batch ->
                                            upload.send(
                                                    batch.getRowCount(),
                                                    root -> copy(batch, root))));
            assertThat(upload.finish()).isNotEmpty();
        }
    }

    private static void copy(VectorSchemaRoot from, VectorSchemaRoot to) {
        try (ArrowRecordBatch batch = new VectorUnloader(from).getRecordBatch()) {
            new VectorLoader(to).load(batch);
        }
    }

    private Upload upload(String collection, Schema columns) {
        return new Upload(rig, columns, List.of("collection", collection, "columns"), Rig.auth());
    }

    @Test
    void columnsHaveTheTypesOfTheSchema() {
        create("types", schema(IdType.UINT64));
        assertThat(rig.info("collection", "types", "columns").getSchemaOptional().orElseThrow())
                .hasToString(
                        "Schema<id: Int(64, false) not null, title: Utf8, attributes: Utf8,"
                                + " attributes.attributes.id: Utf8, attributes.id: Int(64, true),"
                                + " bool: Bool, bool[]: List<item: Bool>, datetime:"
                                + " Timestamp(MILLISECOND, UTC), datetime[]: List<item:"
                                + " Timestamp(MILLISECOND, UTC)>, float64: FloatingPoint(DOUBLE),"
                                + " float64[]: List<item: FloatingPoint(DOUBLE)>, int64: Int(64,"
                                + " true), int64[]: List<item: Int(64, true)>, json: Utf8, string:"
                                + " Utf8, string[]: List<item: Utf8>, a: FixedSizeList(3)<item:"
                                + " FloatingPoint(SINGLE)>, b: FixedSizeList(1)<item:"
                                + " FloatingPoint(SINGLE)>, expires_at: Timestamp(MILLISECOND,"
                                + " UTC)>");
    }

    @Test
    void aFieldCalledAsTheExpiryComesFirst() {
        CollectionSchema named =
                new CollectionSchema(
                        new TreeMap<>(Map.of("v", VectorField.of(1, Metric.L2, Optional.empty()))),
                        new TreeMap<>(Map.of("expires_at", TextField.english())),
                        new TreeMap<>(),
                        true,
                        Optional.of(IdType.STRING));
        create("named", named);
        Row row =
                new Row("a", Map.of("v", new float[] {1}), Map.of("expires_at", "soon"), Map.of());
        rig.collections.write(SpaceId.DEFAULT, "named", WriteBatch.upsert(List.of(row)));
        create("named-copy", named);
        copy("named", "named-copy");
        assertThat(describe("named-copy")).isEqualTo(describe("named")).hasSize(1);
    }

    private static Schema simple(Field... more) {
        List<Field> columns = new ArrayList<>();
        columns.add(Field.notNullable("id", new ArrowType.Int(64, true)));
        columns.add(Rig.rows(1).findField("vector"));
        columns.addAll(List.of(more));
        return new Schema(columns);
    }

    private static void fill(VectorSchemaRoot root, long id) {
        root.getFieldVectors().forEach(FieldVector::allocateNew);
        ((BigIntVector) root.getVector("id")).setSafe(0, id);
        FixedSizeListVector vectors = (FixedSizeListVector) root.getVector("vector");
        vectors.setNotNull(0);
        ((Float4Vector) vectors.getDataVector()).setSafe(0, 1);
    }

    @Test
    void newColumnsAreAttributesAndNumbersDecideTheIds() {
        create("new", CollectionSchema.of(VectorField.of(1, Metric.L2, Optional.empty())));
        Field day = Field.nullable("day", new ArrowType.Date(DateUnit.DAY));
        try (Upload upload = upload("new", simple(day))) {
            upload.send(
                    1,
                    root -> {
                        fill(root, 7);
                        ((DateDayVector) root.getVector("day")).setSafe(0, 1);
                    });
            upload.finish();
        }
        Row row = rig.collections.find(SpaceId.DEFAULT, "new", "7").orElseThrow();
        assertThat(row.attributes()).isEqualTo(Map.of("day", Instant.ofEpochSecond(86_400)));
        CollectionSchema schema = rig.collections.schema(SpaceId.DEFAULT, "new");
        assertThat(schema.idType()).contains(IdType.UINT64);
        assertThat(schema.attributes()).containsEntry("day", AttributeType.DATETIME);
        try (Upload upload = upload("new", simple())) {
            upload.send(1, root -> fill(root, -1));
            assertThatThrownBy(upload::finish).hasMessageContaining("must be a whole number");
        }
    }

    @Test
    void refusesColumnsThatCannotBeAttributes() {
        create("strict", schema(IdType.STRING));
        create("open", CollectionSchema.of(VectorField.of(1, Metric.L2, Optional.empty())));
        for (Field bad :
                List.of(
                        Field.nullable("x", ArrowType.Binary.INSTANCE),
                        Field.nullable("x", new ArrowType.Timestamp(TimeUnit.SECOND, null)),
                        Field.nullable("text", ArrowType.Bool.INSTANCE))) {
            try (Upload upload = upload("open", simple(bad))) {
                assertThatThrownBy(upload::finish)
                        .hasMessageContaining("others are attributes; got {id: int64");
            }
        }
        try (Upload upload = upload("strict", simple())) {
            assertThatThrownBy(upload::finish).hasMessageContaining("got {id: int64");
        }
    }
}
