package dev.quern.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.wire.CallBody;
import dev.quern.common.wire.CreateCollection;
import dev.quern.common.wire.CreateVolume;
import dev.quern.common.wire.DeployFunction;
import dev.quern.common.wire.MapInputs;
import dev.quern.common.wire.Payload;
import dev.quern.common.wire.SearchRows;
import dev.quern.common.wire.UpsertRows;
import dev.quern.vector.CollectionSchema;
import dev.quern.vector.Metric;
import dev.quern.vector.VectorField;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Strict reading, with messages that name the field; writing.
final class JsonTest {
    private static <T extends Record> T read(String json, Class<T> type) {
        try {
            RowReading rows =
                    new RowReading(
                            CollectionSchema.of(VectorField.of(2, Metric.L2, Optional.empty())));
            return Json.read(
                    new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)), type, rows);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void refuses(String json, Class<? extends Record> type, String... words) {
        assertThatThrownBy(() -> read(json, type))
                .isInstanceOfSatisfying(
                        QuernException.class,
                        e -> assertThat(e.kind()).isEqualTo(ErrorKind.INVALID))
                .hasMessageContainingAll(words)
                .hasMessageNotContainingAny("dev.quern", "java.", "jackson");
    }

    @Test
    void readsSnakeCase() {
        assertThat(read("{\"name\":\"a\",\"if_not_exists\":true}", CreateVolume.class))
                .isEqualTo(new CreateVolume("a", true));
        assertThat(read("{\"name\":\"a\",\"if_not_exists\":null}", CreateVolume.class))
                .isEqualTo(new CreateVolume("a", null));
    }

    @Test
    void namesUnknownFieldsAndThoseItKnows() {
        refuses(
                "{\"name\":\"a\",\"ifNotExists\":true}",
                CreateVolume.class,
                "unknown field 'ifNotExists'",
                "if_not_exists, name");
        refuses(
                "{\"rows\":[{\"id\":\"a\"}],\"colour\":1}",
                UpsertRows.class,
                "unknown field 'colour'",
                "columns, mode, rows, ttl");
    }

    @Test
    void namesMissingFields() {
        refuses("{}", CreateVolume.class, "missing required field 'name'");
        refuses("{\"name\":null}", CreateVolume.class, "missing required field 'name'");
        refuses("{\"rows\":[{\"text\":\"a\"}]}", UpsertRows.class, "'rows[0].id'");
        refuses("{\"rows\":[null]}", UpsertRows.class, "'rows[0]' must not be null");
        refuses(
                "{\"runtime\":\"python\",\"artifact\":\"a\",\"entry\":\"e\","
                        + "\"volumes\":{\"/d\":{}}}",
                DeployFunction.class,
                "missing required field 'volumes./d.volume'");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"name\":1} | 'name' must be a string, got a whole number",
                "{\"name\":true} | 'name' must be a string, got a boolean",
                "{\"name\":[]} | 'name' must be a string, got a list",
                "{\"name\":\"a\",\"dims\":\"3\"} | 'dims' must be a whole number, got a string",
                "{\"name\":\"a\",\"dims\":1.5} | 'dims' must be a whole number, got a number",
                "{\"name\":\"a\",\"dims\":99999999999} | 'dims'",
                "{\"name\":\"a\",\"if_not_exists\":1} | 'if_not_exists' must be true or false, got a whole number",
                "{\"name\":\"a\",\"if_not_exists\":\"true\"} | 'if_not_exists' must be true or false, got a string",
                "[] | the body must be an object, got a list",
                "\"x\" | the body must be an object, got a string",
                "3 | the body must be an object",
                "null | the body must be an object, got null",
            })
    void namesWrongTypes(String json, String message) {
        refuses(json, CreateCollection.class, message);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{",
                "{\"name\":\"a\"",
                "{\"name\":\"a\"}}",
                "{\"name\":\"a\"} x",
                "{name:\"a\"}",
                "{'name':'a'}",
                "{\"name\":\"a\",}",
                "\u0000",
                "{\"name\":\"a\",\"name\":\"b\"}",
                "{\"name\":\"\\uZZZZ\"}",
                "// no\n{\"name\":\"a\"}",
                "{\"name\":\"a\tb\"}"
            })
    void refusesWhatIsNotJson(String json) {
        refuses(json, CreateVolume.class, "malformed JSON at line");
    }

    @Test
    void refusesEmptyBodiesAndWrongEncodings() {
        refuses("", CreateVolume.class, "a JSON body is required");
        refuses("  \n", CreateVolume.class, "a JSON body is required");
        byte[] broken = {'{', '"', 'n', 'a', 'm', 'e', '"', ':', '"', (byte) 0xC3, '"', '}'};
        assertThatThrownBy(() -> Json.read(new ByteArrayInputStream(broken), CreateVolume.class))
                .isInstanceOf(QuernException.class)
                .hasMessageContaining("malformed JSON");
    }

    @ParameterizedTest
    @ValueSource(strings = {"NaN", "\"NaN\"", "Infinity", "1e39", "-1e999", "\"1\"", "null", "[1]"})
    void refusesNumbersThatAreNotFinite(String number) {
        refuses("{\"vector\":[1,2," + number + "]}", SearchRows.class, "");
        assertThatThrownBy(() -> read("{\"vector\":[1,2," + number + "]}", SearchRows.class))
                .satisfiesAnyOf(
                        e -> assertThat(e).hasMessageContaining("'vector[2]'"),
                        e -> assertThat(e).hasMessageContaining("malformed JSON"));
    }

    @Test
    void refusesInfinityInUntypedPlaces() {
        refuses(
                "{\"rows\":[{\"id\":\"a\",\"attributes\":{\"x\":1e999}}]}",
                UpsertRows.class,
                "'rows[0].attributes.x' must be a finite number");
        refuses(
                "{\"filter\":{\"eq\":[\"a\",1e999]}}",
                SearchRows.class,
                "'filter.eq[1]' must be a finite number");
        refuses(
                "{\"runtime\":\"p\",\"artifact\":\"a\",\"entry\":\"e\",\"timeout_seconds\":1e999}",
                DeployFunction.class,
                "'timeout_seconds'");
    }

    @Test
    void boundsDepth() {
        String deep = "{\"filter\":" + "[".repeat(10_000) + "]".repeat(10_000) + "}";
        refuses(deep, SearchRows.class, "deep");
        String fine = "{\"filter\":" + "[".repeat(190) + "]".repeat(190) + "}";
        assertThat(read(fine, SearchRows.class).filter()).isNotNull();
    }

    @Test
    void readsVectorsWithoutBoxes() {
        List<Float> vector =
                Objects.requireNonNull(
                        read("{\"vector\":[1,2.5,-3e2]}", SearchRows.class).vector());
        assertThat(vector).isInstanceOf(FloatList.class).containsExactly(1f, 2.5f, -300f);
        String many = "1,".repeat(9999) + "2";
        assertThat(read("{\"vector\":[" + many + "]}", SearchRows.class).vector()).hasSize(10_000);
        assertThat(read("{\"vector\":[]}", SearchRows.class).vector()).isEmpty();
    }

    @Test
    void leavesPrimitivesOutOfRequests() {
        Payload payload =
                read(
                                "{\"inputs\":[{\"content_type\":\"application/json\",\"json\":"
                                        + "{\"args\":[null,1,2.5,\"x\",{\"a\":null}]}}]}",
                                MapInputs.class)
                        .inputs()
                        .getFirst();
        assertThat(payload.sizeBytes()).isZero();
        assertThat(Json.text(Objects.requireNonNull(payload.json())))
                .isEqualTo("{\"args\":[null,1,2.5,\"x\",{\"a\":null}]}");
    }

    @Test
    void leavesNullFieldsOutAndKeepsNullsOfMaps() {
        CallBody call = new CallBody("i", "f", 1, "queued", "t", null, null, null, null, null);
        assertThat(Json.text(call))
                .isEqualTo(
                        "{\"id\":\"i\",\"function\":\"f\",\"version\":1,\"status\":\"queued\","
                                + "\"created_at\":\"t\"}");
        Map<String, Object> map = new java.util.HashMap<>();
        map.put("a", null);
        assertThat(Json.text(map)).isEqualTo("{\"a\":null}");
        assertThat(Json.text(new FloatList(new float[] {1, 0.1f, -2e-10f})))
                .isEqualTo("[1.0,0.1,-2.0E-10]");
    }
}
