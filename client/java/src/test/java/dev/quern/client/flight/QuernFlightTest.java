package dev.quern.client.flight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.wire.StagedFile;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class QuernFlightTest {
    private static FakeFlight server;
    private static URI url;

    @BeforeAll
    static void start() throws IOException {
        server = new FakeFlight();
        url = URI.create("grpc://127.0.0.1:" + server.port());
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @BeforeEach
    void forget() {
        server.reset();
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(7).nextBytes(bytes);
        return bytes;
    }

    private static String text(VectorRow row) {
        return row.id() + row.text() + row.attributes() + Arrays.toString(row.vector());
    }

    private static void assertKind(ErrorKind kind, ThrowingCallable action) {
        assertThatThrownBy(action)
                .isInstanceOfSatisfying(
                        QuernException.class, e -> assertThat(e.kind()).isEqualTo(kind));
    }

    @Test
    void filesGoThereAndComeBack() throws IOException {
        byte[] bytes = random(5_000_001);
        FileRef file = FileRef.of("docs", "a/b");
        try (QuernFlight flight = QuernFlight.open(url, FakeFlight.TOKEN)) {
            StagedFile stored = flight.putFile(file, new ByteArrayInputStream(bytes));
            assertThat(stored.sizeBytes()).isEqualTo(bytes.length);
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            assertThat(flight.getFile(file, out)).isEqualTo(bytes.length);
            assertThat(out.toByteArray()).isEqualTo(bytes);
            assertThat(server.metadata()).contains("\"commit\":true");
        }
    }

    @Test
    void anEmptyFileIsAFile() throws IOException {
        FileRef file = FileRef.of("docs", "empty");
        try (QuernFlight flight = QuernFlight.open(url, FakeFlight.TOKEN)) {
            flight.putFile(file, InputStream.nullInputStream());
            assertThat(flight.getFile(file, OutputStream.nullOutputStream())).isZero();
        }
    }

    @Test
    void aFailureToReadTheSourceEndsThePut() {
        InputStream failing =
                new FilterInputStream(InputStream.nullInputStream()) {
                    @Override
                    public byte[] readNBytes(int length) throws IOException {
                        throw new IOException("disk gone");
                    }
                };
        try (QuernFlight flight = QuernFlight.open(url, FakeFlight.TOKEN)) {
            assertThatThrownBy(() -> flight.putFile(FileRef.of("docs", "a"), failing))
                    .isInstanceOf(IOException.class)
                    .hasMessage("disk gone");
        }
        assertThat(server.hasFile("a")).isFalse();
    }

    @Test
    void aCommitCannotBeWrittenTo() {
        FileRef pinned = new FileRef("docs", Optional.of("c1"), "a");
        try (QuernFlight flight = QuernFlight.open(url, FakeFlight.TOKEN)) {
            assertKind(
                    ErrorKind.INVALID, () -> flight.putFile(pinned, InputStream.nullInputStream()));
        }
    }

    @Test
    void bytesThatDoNotFollowEachOtherAreCorrupt() throws IOException {
        server.skewOffsets();
        FileRef file = FileRef.of("docs", "a");
        try (QuernFlight flight = QuernFlight.open(url, FakeFlight.TOKEN)) {
            flight.putFile(file, new ByteArrayInputStream(random(10)));
            assertKind(
                    ErrorKind.CORRUPT, () -> flight.getFile(file, OutputStream.nullOutputStream()));
        }
    }

    @Test
    void rowsGoThereAndComeBack() {
        List<VectorRow> rows =
                IntStream.range(0, 20_000)
                        .mapToObj(i ->
                                new VectorRow(
                                        "r" + i,
                                        i % 2 == 0 ? "é" + i : null,
                                        Map.of("n", i),
                                        new float[] {i, 0.5f, -i}))
                        .toList();
        try (QuernFlight flight = QuernFlight.open(url, FakeFlight.TOKEN)) {
            assertThat(flight.putRows("docs", 3, rows.iterator())).isEqualTo(rows.size());
            List<VectorRow> back = new ArrayList<>();
            try (RowCursor cursor = flight.rows("docs")) {
                cursor.forEachRemaining(back::add);
            }
            assertThat(back.stream().map(QuernFlightTest::text).toList())
                    .isEqualTo(rows.stream().map(QuernFlightTest::text).toList());
        }
    }

    /// As the server has them for vectors `a` and `b` and texts `body` and `title`.
    private static Schema namedColumns() {
        Field id = RowSchema.of(1).findField("id");
        Field attributes = RowSchema.of(1).findField("attributes");
        return new Schema(
                List.of(
                        id,
                        Field.nullable("body", ArrowType.Utf8.INSTANCE),
                        Field.nullable("title", ArrowType.Utf8.INSTANCE),
                        attributes,
                        vector("a", 2),
                        vector("b", 300)));
    }

    private static Field vector(String name, int dims) {
        Field item =
                Field.nullable("item", new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE));
        return new Field(
                name, FieldType.nullable(new ArrowType.FixedSizeList(dims)), List.of(item));
    }

    private static String fields(VectorRow row) {
        Map<String, String> vectors = new TreeMap<>();
        row.vectors().forEach((name, vector) -> vectors.put(name, Arrays.toString(vector)));
        return row.id() + new TreeMap<>(row.texts()) + row.attributes() + vectors;
    }

    @Test
    void namedFieldsGoThereAndComeBack() {
        server.hasColumns(namedColumns());
        Map<String, float[]> both = Map.of("a", new float[] {1, 2}, "b", new float[300]);
        Map<String, float[]> one = Map.of("a", new float[] {3, 4});
        List<VectorRow> rows =
                IntStream.range(0, 9_000)
                        .mapToObj(i ->
                                new VectorRow(
                                        "r" + i,
                                        i % 3 == 0 ? Map.of("title", "é" + i) : Map.of(),
                                        Map.of("n", i),
                                        i % 2 == 0 ? both : one))
                        .toList();
        try (QuernFlight flight = QuernFlight.open(url, FakeFlight.TOKEN)) {
            assertThat(flight.putRows("docs", rows.iterator())).isEqualTo(rows.size());
            assertThat(server.columns()).isEqualTo(namedColumns());
            List<String> back = new ArrayList<>();
            try (RowCursor cursor = flight.rows("docs")) {
                cursor.forEachRemaining(row -> back.add(fields(row)));
            }
            assertThat(back).isEqualTo(rows.stream().map(QuernFlightTest::fields).toList());
        }
    }

    @Test
    void aModeAndVersionsGoAlong() {
        List<VectorRow> rows =
                List.of(
                        new VectorRow("a", "t", Map.of(), new float[] {1}).onlyIf(17),
                        new VectorRow("b", "u", Map.of(), new float[] {2}));
        try (QuernFlight flight = QuernFlight.open(url, FakeFlight.TOKEN)) {
            PutCount count =
                    flight.putRows("docs", new PutMode("insert", Set.of(), 60L), rows.iterator());
            assertThat(count).isEqualTo(new PutCount(1, 1, 1, List.of("7")));
            assertThat(server.metadata()).contains("\"mode\":\"insert\"", "\"ttl\":60");
            assertThat(server.put())
                    .containsExactly(
                            """
                            id\ttext\tattributes\tvector\tif_version
                            a\tt\t{}\t[1.0]\t17
                            b\tu\t{}\t[2.0]\tnull
                            """);
            assertThat(
                            flight.putRows(
                                    "docs", PutMode.of("update"), List.<VectorRow>of().iterator()))
                    .isEqualTo(PutCount.NOTHING);
        }
    }

    @Test
    void aPatchSendsTheColumnsThatItNames() {
        Map<String, Object> attributes = new HashMap<>();
        attributes.put("gone", null);
        VectorRow row = new VectorRow("a", Map.of(), attributes, Map.of());
        try (QuernFlight flight = QuernFlight.open(url, FakeFlight.TOKEN)) {
            flight.putRows("docs", PutMode.patch("attributes"), List.of(row).iterator());
            assertThat(server.put())
                    .containsExactly("id\tattributes\tif_version\na\t{\"gone\":null}\tnull\n");
            server.reset();
            assertThatThrownBy(() ->
                            flight.putRows("docs", PutMode.patch("text"), List.of(row).iterator()))
                    .hasMessageContaining("row \"a\" has attributes, which are not among the");
            assertThatThrownBy(() ->
                            flight.putRows("docs", PutMode.patch("title"), List.of(row).iterator()))
                    .hasMessageContaining(
                            "no column [title]; its columns are id, text, attributes");
            assertRefused(flight, "row \"a\" expects a version", row.onlyIf(0));
        }
        assertKind(ErrorKind.INVALID, PutMode::patch);
    }

    @Test
    void momentsAreSentAsText() {
        Map<String, Object> attributes = Map.of("when", Instant.parse("2026-11-22T18:30:00Z"));
        VectorRow row = new VectorRow("a", null, attributes, new float[] {1});
        try (QuernFlight flight = QuernFlight.open(url, FakeFlight.TOKEN)) {
            flight.putRows("docs", List.of(row).iterator());
            try (RowCursor cursor = flight.rows("docs")) {
                VectorRow back = cursor.next();
                assertThat(back.attributes()).isEqualTo(Map.of("when", "2026-11-22T18:30:00Z"));
                assertThat(back.text()).isNull();
                assertThat(back.vector()).containsExactly(1);
            }
        }
    }

    @Test
    void aRowThatDoesNotFitIsNamed() {
        server.hasColumns(namedColumns());
        float[] a = {1, 2};
        try (QuernFlight flight = QuernFlight.open(url, FakeFlight.TOKEN)) {
            assertRefused(
                    flight,
                    "row \"x\" has a text \"text\", which is no text field of the collection; its"
                            + " columns are id, body, title, attributes, a, b",
                    new VectorRow("x", Map.of("text", "t"), Map.of(), Map.of("a", a)));
            assertRefused(
                    flight,
                    "has a text \"attributes\"",
                    new VectorRow("x", Map.of("attributes", "t"), Map.of(), Map.of("a", a)));
            assertRefused(
                    flight,
                    "has a vector \"title\", which is no vector field",
                    new VectorRow("x", Map.of(), Map.of(), Map.of("title", a)));
            assertRefused(
                    flight,
                    "vector \"b\" of row \"x\" must have 300 dimensions, got 2",
                    new VectorRow("x", Map.of(), Map.of(), Map.of("b", a)));
            server.reset();
            assertRefused(
                    flight,
                    "vector \"vector\" of row \"x\" must have 1 dimensions, got none",
                    new VectorRow("x", "t", Map.of(), new float[0]));
        }
    }

    private static void assertRefused(QuernFlight flight, String message, VectorRow row) {
        assertThatThrownBy(() -> flight.putRows("docs", List.of(row).iterator()))
                .isInstanceOfSatisfying(
                        QuernException.class,
                        e -> assertThat(e.kind()).isEqualTo(ErrorKind.INVALID))
                .hasMessageContaining(message);
    }

    @Test
    void bigTextsMakeShortBatches() {
        String text = "x".repeat(1 << 20);
        List<VectorRow> rows =
                IntStream.range(0, 20)
                        .mapToObj(i -> new VectorRow("r" + i, text, Map.of(), new float[] {i}))
                        .toList();
        try (QuernFlight flight = QuernFlight.open(url, FakeFlight.TOKEN)) {
            assertThat(flight.putRows("docs", 1, rows.iterator())).isEqualTo(20);
            assertThat(server.batches()).isEqualTo(5);
        }
    }

    @Test
    void aCursorCanBeLeftEarly() {
        List<VectorRow> rows =
                IntStream.range(0, 10_000)
                        .mapToObj(i -> new VectorRow("r" + i, null, Map.of(), new float[] {i}))
                        .toList();
        try (QuernFlight flight = QuernFlight.open(url, FakeFlight.TOKEN)) {
            flight.putRows("docs", 1, rows.iterator());
            try (RowCursor cursor = flight.rows("docs")) {
                assertThat(cursor.next().id()).isEqualTo("r0");
            }
        }
    }

    @Test
    void noRowsAreNoRows() {
        try (QuernFlight flight = QuernFlight.open(url, FakeFlight.TOKEN)) {
            assertThat(flight.putRows("docs", 3, List.<VectorRow>of().iterator())).isZero();
            try (RowCursor cursor = flight.rows("docs")) {
                assertThat(cursor.hasNext()).isFalse();
            }
        }
    }

    @Test
    void errorsKeepTheirKind() {
        VectorRow wrong = new VectorRow("a", null, Map.of(), new float[] {1, 2});
        try (QuernFlight flight = QuernFlight.open(url, FakeFlight.TOKEN)) {
            assertKind(
                    ErrorKind.INVALID, () -> flight.putRows("docs", 3, List.of(wrong).iterator()));
            assertKind(
                    ErrorKind.INVALID,
                    () -> flight.putRows("refused", 2, List.of(wrong).iterator()));
            assertKind(
                    ErrorKind.NOT_FOUND,
                    () ->
                            flight.getFile(
                                    FileRef.of("docs", "no"), OutputStream.nullOutputStream()));
        }
        try (QuernFlight flight = QuernFlight.open(url, "wrong")) {
            assertKind(
                    ErrorKind.DENIED,
                    () -> flight.getFile(FileRef.of("docs", "a"), OutputStream.nullOutputStream()));
        }
    }

    @Test
    void theServerNamesTheExactKindAndDetails() {
        try (QuernFlight flight = QuernFlight.open(url, FakeFlight.TOKEN)) {
            assertThatThrownBy(() ->
                            flight.getFile(
                                    FileRef.of("docs", "busy"), OutputStream.nullOutputStream()))
                    .isInstanceOfSatisfying(
                            QuernException.class,
                            e -> {
                                assertThat(e.kind()).isEqualTo(ErrorKind.FENCED);
                                assertThat(e.details()).isEqualTo(Map.of("retry_after_ms", 5));
                            });
        }
    }

    @Test
    void refusesWhatIsNoFlightUrl() {
        for (String wrong : List.of("http://h:1", "grpc://h", "h:1")) {
            assertKind(
                    ErrorKind.INVALID,
                    () -> {
                        try (QuernFlight flight = QuernFlight.open(URI.create(wrong), "t")) {
                            flight.rows("docs").close();
                        }
                    });
        }
    }
}
