package dev.quern.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The shapes in which rows come and go: flat rows, columns, base64, ids that are numbers.
@Timeout(120)
final class RowShapesHttpTest extends WithServices {
    private static final String FIELDS =
            "\"schema\":{\"vectors\":{\"vector\":{\"dims\":2,\"metric\":\"l2\"},"
                    + "\"image\":{\"dims\":1,\"metric\":\"dot\"}},\"texts\":{\"title\":{}},"
                    + "\"attributes\":{\"when\":\"datetime\",\"text\":\"string\"}";

    private static String collection(String name, String more) {
        HttpResponse<String> made =
                server.post(
                        "/v1/collections", "{\"name\":\"" + name + "\"," + FIELDS + more + "}}");
        assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
        return "/v1/collections/" + name;
    }

    private static void refused(String path, String body, String message) {
        refused(400, server.post(path, body), message);
    }

    @Test
    void fieldsOfFlatRowsGoWhereTheSchemaSays() {
        String path = collection("flat", "");
        JsonNode answer =
                ok(
                        server.post(
                                path + "/upsert",
                                "{\"rows\":[{\"id\":\"a\",\"vector\":[1,2],\"image\":[3],"
                                        + "\"title\":\"mills\",\"text\":\"as the schema says\","
                                        + "\"when\":\"2026-11-22\",\"year\":2020,\"tags\":[\"x\"],"
                                        + "\"none\":null},"
                                        + "{\"id\":\"b\",\"vectors\":{\"image\":[4]},\"year\":2021,"
                                        + "\"attributes\":{\"vectors\":\"odd\"}}]}"));
        assertThat(answer.path("upserted").asInt()).isEqualTo(2);
        assertThat(answer.path("performance").path("server_ms").asDouble()).isPositive();
        assertThat(answer.path("performance").path("body_bytes").asInt()).isGreaterThan(200);
        JsonNode row = ok(server.get(path + "/rows/a"));
        assertThat(row.path("vector").toString()).isEqualTo("[1.0,2.0]");
        assertThat(row.path("vectors").toString()).isEqualTo("{\"image\":[3.0]}");
        assertThat(row.path("texts").toString()).isEqualTo("{\"title\":\"mills\"}");
        assertThat(row.path("attributes").toString())
                .isEqualTo(
                        "{\"tags\":[\"x\"],\"text\":\"as the schema says\","
                                + "\"when\":\"2026-11-22T00:00:00Z\",\"year\":2020}");
        assertThat(ok(server.get(path + "/rows/b")).path("attributes").toString())
                .isEqualTo("{\"vectors\":\"odd\",\"year\":2021}");
        JsonNode found =
                ok(
                        server.post(
                                path + "/search",
                                "{\"vector\":[1,2],\"exact\":true,\"filter\":{\"eq\":[\"year\",2020]}}"));
        assertThat(found.path("hits")).hasSize(1);
        assertThat(found.path("performance").path("rows").asInt()).isEqualTo(2);
        assertThat(found.path("performance").path("compared").asInt()).isEqualTo(1);
        assertThat(found.path("performance").path("server_ms").asDouble())
                .isGreaterThanOrEqualTo(found.path("took_ms").asDouble());
    }

    @Test
    void columnsAreRows() {
        String path = collection("columns", "");
        ok(
                server.post(
                        path + "/upsert",
                        "{\"columns\":{\"year\":[2020,null],\"id\":[\"a\",\"b\"],"
                                + "\"vector\":[[1,2],\""
                                + base64(3, 4)
                                + "\"],\"title\":[null,\"mill\"],\"raw\":[{\"a\":[null]},[1,\"x\"]]}}"));
        assertThat(ok(server.get(path + "/rows/a")).toString())
                .isEqualTo(
                        "{\"id\":\"a\",\"vector\":[1.0,2.0],\"attributes\":"
                                + "{\"raw\":{\"a\":[null]},\"year\":2020}}");
        assertThat(ok(server.get(path + "/rows/b")).toString())
                .isEqualTo(
                        "{\"id\":\"b\",\"vector\":[3.0,4.0],\"attributes\":"
                                + "{\"raw\":[1,\"x\"]},\"texts\":{\"title\":\"mill\"}}");
    }

    @Test
    void refusesColumnsThatDoNotFit() {
        String path = collection("misfits", ",\"strict\":true") + "/upsert";
        Map<String, String> cases =
                Map.ofEntries(
                        Map.entry("{}", "exactly one of 'rows' and 'columns'"),
                        Map.entry("{\"rows\":[],\"columns\":{}}", "exactly one of"),
                        Map.entry("{\"columns\":{}}", "missing required field 'columns.id'"),
                        Map.entry("{\"columns\":{\"id\":[]}}", "1 to 10000 elements, got 0"),
                        Map.entry("{\"columns\":{\"id\":\"a\"}}", "'columns.id' must be a list"),
                        Map.entry("{\"columns\":{\"id\":[null]}}", "'columns.id[0]' must not be"),
                        Map.entry(
                                "{\"columns\":{\"id\":[\"a\",\"b\"],\"vector\":[[1,2]]}}",
                                "'columns.vector' has 1 values, 'columns.id' has 2"),
                        Map.entry(
                                "{\"columns\":{\"id\":[\"a\"],\"vector\":[[1,\"x\"]]}}",
                                "'columns.vector[0][1]' must be a number"),
                        Map.entry(
                                "{\"columns\":{\"id\":[\"a\"],\"title\":[5]}}",
                                "'columns.title[0]' must be a string"),
                        Map.entry(
                                "{\"columns\":{\"id\":[\"a\"],\"vectors\":[{}]}}",
                                "'columns.vectors' is no column"),
                        Map.entry(
                                "{\"columns\":{\"id\":[\"a\"],\"vector\":[[1,2]],\"year\":[1]}}",
                                "attribute \"year\" is not in the schema, which is strict"),
                        Map.entry(
                                "{\"rows\":[{\"id\":\"a\",\"vector\":[1,2],\"year\":1}]}",
                                "attribute \"year\" is not in the schema, which is strict"),
                        Map.entry("{\"rows\":[{\"vector\":[1,2]}]}", "field 'rows[0].id'"),
                        Map.entry("{\"rows\":[{\"id\":\"a\",\"vector\":\"AA==\"}]}", "got 1 bytes"),
                        Map.entry("{\"rows\":[{\"id\":\"a\",\"vector\":\"%\"}]}", "base64"),
                        Map.entry(
                                "{\"rows\":[{\"id\":\"a\",\"vector\":\""
                                        + base64(1, Float.NaN)
                                        + "\"}]}",
                                "'rows[0].vector[1]' must be a finite number"),
                        Map.entry(
                                "{\"rows\":[{\"id\":\"a\",\"vector\":[1,2],"
                                        + "\"vectors\":{\"vector\":[1,2]}}]}",
                                "'rows[0].vectors.vector' is given twice"),
                        Map.entry(
                                "{\"rows\":[{\"id\":\"a\",\"id\":\"b\",\"vector\":[1,2]}]}",
                                "Duplicate field 'id'"));
        cases.forEach((body, message) -> refused(path, body, message));
    }

    private static String base64(float... numbers) {
        ByteBuffer bytes =
                ByteBuffer.allocate(numbers.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (float number : numbers) {
            bytes.putFloat(number);
        }
        return Base64.getEncoder().encodeToString(bytes.array());
    }

    @Test
    void idsAreNumbersWhereTheSchemaSaysSo() {
        String path = collection("numbers", ",\"id\":\"uint64\"");
        ok(
                server.post(
                        path + "/upsert",
                        "{\"rows\":[{\"id\":10,\"vector\":[1,2]},{\"id\":\"9\",\"vector\":[1,3]},"
                                + "{\"id\":18446744073709551615,\"vector\":[5,5]}]}"));
        assertThat(ok(server.get(path + "/rows?limit=2")).toString())
                .isEqualTo(
                        "{\"rows\":[{\"id\":9,\"attributes\":{}},{\"id\":10,\"attributes\":{}}],"
                                + "\"next\":\"10\"}");
        assertThat(
                        ok(server.get(path + "/rows?after=10"))
                                .path("rows")
                                .get(0)
                                .path("id")
                                .toString())
                .isEqualTo("18446744073709551615");
        assertThat(
                        ok(server.post(path + "/search", "{\"vector\":[5,5],\"limit\":1}"))
                                .path("hits")
                                .get(0)
                                .path("id")
                                .toString())
                .isEqualTo("18446744073709551615");
        assertThat(ok(server.get(path + "/rows/9")).path("id").isNumber()).isTrue();
        assertThat(
                        ok(server.post(path + "/delete", "{\"ids\":[9,\"10\",11]}"))
                                .path("deleted")
                                .asInt())
                .isEqualTo(2);
        refused(path + "/delete", "{\"ids\":[1.5]}", "'ids[0]' must be a whole number");
        refused(path + "/delete", "{\"ids\":[-1]}", "must be a whole number, 0 to");
        refused(path + "/upsert", "{\"rows\":[{\"id\":\"a\",\"vector\":[1,2]}]}", "ids are uint64");
        assertThat(server.get(path + "/rows/a").statusCode()).isEqualTo(400);
        assertThat(server.patch(path, "{\"id\":\"string\"}").statusCode()).isEqualTo(409);
    }

    @Test
    void firstRowsDecideWhatIdsAre() {
        String strings = collection("strings", "");
        ok(server.post(strings + "/upsert", "{\"rows\":[{\"id\":\"1\",\"vector\":[1,2]}]}"));
        assertThat(ok(server.get(strings)).path("schema").path("id").asText()).isEqualTo("string");
        refused(
                strings + "/upsert",
                "{\"rows\":[{\"id\":1,\"vector\":[1,2]}]}",
                "'rows[0].id' must be a string, got a whole number");
        String numbers = collection("deciding", "");
        assertThat(ok(server.get(numbers)).path("schema").has("id")).isFalse();
        refused(
                numbers + "/upsert",
                "{\"columns\":{\"id\":[1,\"2\"],\"vector\":[[1,2],[1,2]]}}",
                "some of these are numbers, some strings");
        ok(server.post(numbers + "/upsert", "{\"columns\":{\"id\":[1],\"vector\":[[1,2]]}}"));
        assertThat(ok(server.get(numbers)).path("schema").path("id").asText()).isEqualTo("uint64");
        for (String bad : List.of("\"uuid\"", "5")) {
            assertThat(
                            server.post(
                                            "/v1/collections",
                                            "{\"name\":\"x\",\"dims\":2,\"schema\":{\"id\":"
                                                    + bad
                                                    + "}}")
                                    .statusCode())
                    .isEqualTo(400);
        }
    }
}
