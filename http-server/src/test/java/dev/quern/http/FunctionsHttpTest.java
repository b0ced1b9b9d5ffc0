package dev.quern.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Functions and calls over HTTP, on the real services and Python processes.
@Timeout(180)
final class FunctionsHttpTest extends WithServices {
    private static final String SOURCE =
            """
            import time

            def double(x=0):
                print("doubling", x)
                return {"value": x * 2}

            def fails():
                raise ValueError("no good")

            def big():
                return "x" * (5 << 20)

            def slow(seconds):
                time.sleep(seconds)
                return seconds

            def size(data):
                return len(data)
            """;

    private static String artifact = "";

    @BeforeAll
    static void deployAll() {
        HttpResponse<String> stored =
                server.send(
                        server.request("/v1/artifacts")
                                .POST(HttpRequest.BodyPublishers.ofByteArray(zip())));
        assertThat(stored.statusCode()).as(stored.body()).isEqualTo(201);
        artifact = JsonAnswer.of(stored).path("id").asText();
        for (String name : List.of("double", "fails", "big", "slow", "size")) {
            deploy(name);
        }
    }

    private static byte[] zip() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            zip.putNextEntry(new ZipEntry("m.py"));
            zip.write(SOURCE.getBytes(StandardCharsets.UTF_8));
            zip.closeEntry();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static JsonNode deploy(String name) {
        HttpResponse<String> answer = put(name, "\"timeout_seconds\":30.5,\"max_instances\":1");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return JsonAnswer.of(answer);
    }

    private static HttpResponse<String> put(String name, String more) {
        String body =
                "{\"runtime\":\"python\",\"artifact\":\"%s\",\"entry\":\"m:%s\",%s}"
                        .formatted(artifact, name, more);
        return server.send(
                server.request("/v1/functions/" + name)
                        .PUT(HttpRequest.BodyPublishers.ofString(body)));
    }

    private static JsonNode call(String name, String input) {
        HttpResponse<String> answer = server.post("/v1/functions/" + name + "/call", input);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return JsonAnswer.of(answer);
    }

    @Test
    void showsListsAndDeletesFunctions() {
        JsonNode function = JsonAnswer.of(server.get("/v1/functions/double"));
        assertThat(function.path("entry").asText()).isEqualTo("m:double");
        assertThat(function.path("timeout_seconds").asDouble()).isEqualTo(30.5);
        assertThat(function.path("memory_bytes").asLong()).isEqualTo(512L << 20);
        assertThat(function.path("volumes").isObject()).isTrue();
        assertThat(JsonAnswer.of(server.get("/v1/functions")).path("functions")).contains(function);
        assertThat(server.get("/v1/functions/nope").statusCode()).isEqualTo(404);
        HttpResponse<String> bad = put("double", "\"max_instances\":0");
        assertThat(bad.statusCode()).isEqualTo(400);
        HttpResponse<String> unknown =
                server.send(
                        server.request("/v1/functions/double")
                                .PUT(
                                        HttpRequest.BodyPublishers.ofString(
                                                "{\"runtime\":\"python\",\"entry\":\"m:double\","
                                                        + "\"artifact\":\""
                                                        + "0".repeat(64)
                                                        + "\"}")));
        assertThat(unknown.statusCode()).as(unknown.body()).isEqualTo(404);
        assertThat(put("double", "\"gpu\":1").body()).contains("unknown field 'gpu'");
        put("size", "\"max_instances\":1");
        assertThat(server.delete("/v1/functions/nope").statusCode()).isEqualTo(404);
    }

    @Test
    void callsWithEveryFormOfInput() {
        JsonNode call = call("double", "{\"args\":[21]}");
        assertThat(call.path("status").asText()).isEqualTo("succeeded");
        assertThat(call.path("output").path("json").path("value").asInt()).isEqualTo(42);
        assertThat(call.path("output").path("content_type").asText()).isEqualTo("application/json");
        assertThat(call.path("logs").asText()).contains("doubling 21");
        assertThat(call.path("receipt").path("attempt").asInt()).isEqualTo(1);
        assertThat(call.has("error") || call.has("index")).isFalse();
        assertThat(call("double", "{\"kwargs\":{\"x\":4}}").at("/output/json/value").asInt())
                .isEqualTo(8);
        assertThat(call("double", "5").at("/output/json/value").asInt()).isEqualTo(10);
        HttpResponse<String> none =
                server.send(
                        server.request("/v1/functions/double/call")
                                .POST(HttpRequest.BodyPublishers.noBody()));
        assertThat(JsonAnswer.of(none).at("/output/json/value").asInt()).isZero();
        HttpResponse<String> raw =
                server.send(
                        server.request("/v1/functions/size/call")
                                .header("content-type", "application/octet-stream")
                                .POST(HttpRequest.BodyPublishers.ofByteArray(new byte[1000])));
        assertThat(JsonAnswer.of(raw).at("/output/json").asInt()).isEqualTo(1000);
    }

    @Test
    void refusesInputsThatNoFunctionTakes() {
        String path = "/v1/functions/double/call";
        HttpResponse<String> broken = server.post(path, "{");
        assertThat(broken.statusCode()).isEqualTo(400);
        assertThat(broken.body()).contains("malformed JSON");
        HttpResponse<String> odd =
                server.send(
                        server.request(path)
                                .header("content-type", "text/x-odd")
                                .POST(HttpRequest.BodyPublishers.ofString("x")));
        assertThat(odd.statusCode()).isEqualTo(400);
        assertThat(odd.body()).contains("text/x-odd");
        HttpResponse<String> large =
                server.send(
                        server.request(path)
                                .POST(
                                        HttpRequest.BodyPublishers.ofByteArray(
                                                new byte[(16 << 20) + 1])));
        assertThat(large.statusCode()).isEqualTo(413);
        assertThat(server.post("/v1/functions/nope/call", "{}").statusCode()).isEqualTo(404);
    }

    @Test
    void tellsOfFailuresInTheCall() {
        JsonNode call = call("fails", "{\"args\":[]}");
        assertThat(call.path("status").asText()).isEqualTo("failed");
        JsonNode error = call.path("error");
        assertThat(error.path("reason").asText()).isEqualTo("exception");
        assertThat(error.path("type").asText()).isEqualTo("ValueError");
        assertThat(error.path("message").asText()).isEqualTo("no good");
        assertThat(error.path("traceback").asText()).contains("m.py");
        assertThat(call.has("output")).isFalse();
        String id = call.path("id").asText();
        assertThat(server.get("/v1/calls/" + id + "/output").statusCode()).isEqualTo(404);
    }

    @Test
    void givesLargeOutputsByReference() {
        JsonNode call = call("big", "{\"args\":[]}");
        JsonNode output = call.path("output");
        assertThat(output.has("json") || output.has("base64")).isFalse();
        assertThat(output.path("size_bytes").asLong()).isEqualTo((5 << 20) + 2);
        HttpResponse<String> bytes = server.get(output.path("href").asText());
        assertThat(bytes.statusCode()).isEqualTo(200);
        assertThat(bytes.headers().firstValue("content-type")).hasValue("application/json");
        assertThat(bytes.body()).hasSize((5 << 20) + 2).startsWith("\"xxx");
    }

    @Test
    void spawnsWaitsAndLists() {
        HttpResponse<String> spawned = server.post("/v1/functions/slow/spawn", "{\"args\":[0.7]}");
        assertThat(spawned.statusCode()).isEqualTo(202);
        String id = JsonAnswer.of(spawned).path("id").asText();
        assertThat(server.get("/v1/calls/" + id + "/output").statusCode()).isEqualTo(409);
        JsonNode ended = JsonAnswer.of(server.get("/v1/calls/" + id + "?wait_seconds=30"));
        assertThat(ended.path("status").asText()).isEqualTo("succeeded");
        assertThat(server.get("/v1/calls/" + id + "/output").body()).isEqualTo("0.7");
        JsonNode list = JsonAnswer.of(server.get("/v1/calls?function=slow&limit=5"));
        assertThat(list.path("calls").findValuesAsText("id")).contains(id);
        assertThat(list.path("calls").get(0).has("logs")).isFalse();
        for (String bad : List.of("?wait_seconds=61", "?wait_seconds=x", "?wait=1")) {
            assertThat(server.get("/v1/calls/" + id + bad).statusCode()).isEqualTo(400);
        }
        for (String unknown : List.of("nope", "0".repeat(32))) {
            assertThat(server.get("/v1/calls/" + unknown).statusCode()).isEqualTo(404);
        }
    }

    @Test
    void aLongPollDoesNotHoldAClosingServer() {
        String id =
                JsonAnswer.of(server.post("/v1/functions/slow/spawn", "{\"args\":[60]}"))
                        .path("id")
                        .asText();
        TestServer second = TestServer.of(services.http());
        try (RawConnection connection = new RawConnection(second.port())) {
            connection.head("GET", "/v1/calls/" + id + "?wait_seconds=60");
            assertThat(second.get("/health").statusCode()).isEqualTo(200);
            long start = System.nanoTime();
            second.close();
            assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(8));
        }
        server.post("/v1/calls/" + id + "/cancel", "");
    }

    @Test
    void cancelsACall() {
        JsonNode spawned =
                JsonAnswer.of(server.post("/v1/functions/slow/spawn", "{\"args\":[60]}"));
        String path = "/v1/calls/" + spawned.path("id").asText();
        HttpResponse<String> cancelled = server.post(path + "/cancel", "");
        assertThat(cancelled.statusCode()).as(cancelled.body()).isEqualTo(200);
        JsonNode ended = JsonAnswer.of(server.get(path + "?wait_seconds=30"));
        assertThat(ended.path("status").asText()).isEqualTo("cancelled");
        assertThat(ended.path("error").path("reason").asText()).isEqualTo("cancelled");
    }

    @Test
    void mapsOverInputs() {
        StringBuilder inputs = new StringBuilder();
        for (int i = 0; i < 20; i++) {
            inputs.append(i == 0 ? "" : ",")
                    .append("{\"content_type\":\"application/json\",\"json\":{\"args\":[")
                    .append(i)
                    .append("]}}");
        }
        HttpResponse<String> answer =
                server.post("/v1/functions/double/map", "{\"inputs\":[" + inputs + "]}");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(answer.headers().firstValue("content-type")).hasValue("application/x-ndjson");
        List<Integer> indexes = new ArrayList<>();
        for (JsonNode call : JsonAnswer.lines(answer)) {
            int index = call.path("index").asInt();
            indexes.add(index);
            assertThat(call.at("/output/json/value").asInt()).isEqualTo(2 * index);
        }
        assertThat(indexes).hasSize(20).doesNotHaveDuplicates();
        for (String bad :
                List.of(
                        "{\"inputs\":[]}",
                        "{\"inputs\":[{\"content_type\":\"application/octet-stream\"}]}",
                        "{\"inputs\":[{\"content_type\":\"application/json\",\"json\":1,"
                                + "\"base64\":\"MQ==\"}]}",
                        "{\"inputs\":[{\"content_type\":\"application/octet-stream\","
                                + "\"base64\":\"*\"}]}",
                        "{\"inputs\":[{\"content_type\":\"text/x\",\"base64\":\"MQ==\"}]}")) {
            assertThat(server.post("/v1/functions/double/map", bad).statusCode())
                    .as(bad)
                    .isEqualTo(400);
        }
        assertThat(
                        server.post(
                                        "/v1/functions/nope/map",
                                        "{\"inputs\":[{\"content_type\":\"application/json\","
                                                + "\"json\":1}]}")
                                .statusCode())
                .isEqualTo(404);
    }

    @Test
    void aDisconnectStopsAMap() {
        String input = "{\"content_type\":\"application/json\",\"json\":{\"args\":[0.1]}}";
        String body = "{\"inputs\":[" + (input + ",").repeat(299) + input + "]}";
        deploy("slow");
        try (RawConnection connection = new RawConnection(server.port())) {
            connection
                    .head("POST", "/v1/functions/slow/map", "Content-Length: " + body.length())
                    .send(body);
            assertThat(connection.readUntil("\n{")).contains("200 OK");
        }
        String open = "";
        for (int i = 0; i < 200; i++) {
            open = server.get("/v1/calls?function=slow&limit=1000").body();
            if (!open.contains("\"queued\"") && !open.contains("\"running\"")) {
                break;
            }
        }
        JsonNode calls = JsonAnswer.parse(open).path("calls");
        assertThat(calls.size()).isBetween(1, 200);
        assertThat(calls.findValuesAsText("status")).doesNotContain("queued", "running");
        assertThat(calls.findValuesAsText("status")).contains("cancelled");
    }
}
