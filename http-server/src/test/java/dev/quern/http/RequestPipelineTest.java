package dev.quern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What every request goes through, with routes of the test's own.
final class RequestPipelineTest {
    private static final TestServer SERVER =
            TestServer.of(
                    Route.of("GET", "/t/{name}", r -> Reply.json(Map.of("name", r.path("name")))),
                    Route.of("POST", "/t/{name}", RequestPipelineTest::echo),
                    Route.of(
                            "GET",
                            "/files/{path...}",
                            r -> Reply.json(Map.of("p", r.path("path")))),
                    Route.of("GET", "/query", RequestPipelineTest::query),
                    Route.of("GET", "/fail/{kind}", RequestPipelineTest::fail),
                    Route.of("POST", "/unread", _ -> Reply.empty(204)));

    @AfterAll
    static void close() {
        SERVER.close();
    }

    private static Reply echo(Request request) throws java.io.IOException {
        return Reply.bytes("application/octet-stream", request.bytes("the body", 1 << 20));
    }

    private static Reply query(Request request) {
        Query query = request.query().allow("a", "n");
        return Reply.json(
                Map.of("a", query.text("a").orElse("-"), "n", query.integer("n", 5, 1, 9)));
    }

    private static Reply fail(Request request) {
        String kind = request.path("kind");
        if (kind.equals("bug")) {
            throw new IllegalStateException("secret detail");
        }
        throw new QuernException(ErrorKind.valueOf(kind), "what went wrong");
    }

    @Test
    void answersWithTheClientsRequestIdOrItsOwn() {
        HttpResponse<String> named =
                SERVER.send(SERVER.request("/t/a").header("x-request-id", "My-1.id_"));
        assertThat(named.statusCode()).isEqualTo(200);
        assertThat(named.body()).isEqualTo("{\"name\":\"a\"}");
        assertThat(named.headers().firstValue("x-request-id")).hasValue("My-1.id_");
        assertThat(named.headers().firstValue("content-type")).hasValue("application/json");
        assertThat(named.headers().firstValue("content-length")).hasValue("12");
        assertThat(named.headers().firstValue("date")).hasValue("Fri, 02 Jan 2026 03:04:05 GMT");
        for (String bad : List.of("a b", "x".repeat(65), "ä")) {
            HttpResponse<String> other =
                    SERVER.send(SERVER.request("/t/a").header("x-request-id", bad));
            assertThat(other.headers().firstValue("x-request-id").orElseThrow())
                    .matches("[0-9a-f]{16}");
        }
    }

    @Test
    void refusesRequestsWithoutAGoodToken() {
        for (Optional<String> header :
                List.of(
                        Optional.<String>empty(),
                        Optional.of("Bearer wrong-" + TestServer.TOKEN),
                        Optional.of("Bearer"),
                        Optional.of("Basic " + TestServer.TOKEN),
                        Optional.of(TestServer.TOKEN))) {
            HttpRequest.Builder request =
                    HttpRequest.newBuilder(SERVER.request("/t/a").build().uri());
            header.ifPresent(value -> request.header("authorization", value));
            HttpResponse<String> answer = SERVER.send(request);
            assertThat(answer.statusCode()).as("%s", header).isEqualTo(401);
            assertThat(answer.headers().firstValue("www-authenticate")).hasValue("Bearer");
            assertThat(answer.body())
                    .contains("\"code\":\"DENIED\"")
                    .doesNotContain(TestServer.TOKEN);
        }
    }

    @Test
    void tellsNothingOfItsPathsWithoutAToken() {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(SERVER.request("/no/such/path").build().uri());
        assertThat(SERVER.send(request).statusCode()).isEqualTo(401);
    }

    @Test
    void namesUnknownPathsAndAllowedMethods() {
        HttpResponse<String> unknown = SERVER.get("/no/such");
        assertThat(unknown.statusCode()).isEqualTo(404);
        assertThat(unknown.body()).contains("NOT_FOUND", "/no/such");
        HttpResponse<String> method = SERVER.delete("/t/a");
        assertThat(method.statusCode()).isEqualTo(405);
        assertThat(method.headers().firstValue("allow")).hasValue("GET, POST, HEAD");
        assertThat(method.body()).contains("\"code\":\"INVALID\"", "DELETE");
    }

    @ParameterizedTest
    @CsvSource({
        "/files/a/b.txt, a/b.txt",
        "/files/a%2Fb.txt, a/b.txt",
        "/files/a%20b+c.txt, a b+c.txt",
        "/files/%C3%A4%E2%82%AC.md, ä€.md",
        "/files/../x, ../x",
        "/files/a/%2e%2E/x, a/../x",
        "/files//etc/passwd, /etc/passwd",
        "/files/a//b/, a//b/",
        "/files/100%25, 100%",
        "http://x/files/absolute, absolute",
        "/files/\u00c3\u00a4, ä",
    })
    void decodesPathsAndNormalisesNothing(String raw, String decoded) {
        try (RawConnection connection = new RawConnection(SERVER.port())) {
            String answer = connection.head("GET", raw, "Connection: close").readAll();
            assertThat(
                            new String(
                                    answer.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1),
                                    java.nio.charset.StandardCharsets.UTF_8))
                    .contains("{\"p\":\"" + decoded + "\"}");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/files/%zz", "/files/%", "/files/a%2", "/files/%ff%fe", "/query?a=%4"})
    void refusesBrokenEscapes(String raw) {
        try (RawConnection connection = new RawConnection(SERVER.port())) {
            String answer = connection.head("GET", raw, "Connection: close").readAll();
            assertThat(answer).startsWith("HTTP/1.1 400").contains("\"code\":\"INVALID\"");
        }
    }

    @Test
    void readsQueriesStrictly() {
        assertThat(SERVER.get("/query").body()).contains("\"a\":\"-\"", "\"n\":5");
        assertThat(SERVER.get("/query?a=x%20y+z&n=9").body())
                .contains("\"a\":\"x y z\"", "\"n\":9");
        for (String bad : List.of("b=1", "a=1&a=2", "n=0", "n=10", "n=x", "n=", "n=9999999999")) {
            HttpResponse<String> answer = SERVER.get("/query?" + bad);
            assertThat(answer.statusCode()).as(bad).isEqualTo(400);
            assertThat(answer.body()).contains("query parameter '" + bad.charAt(0) + "'");
        }
    }

    @ParameterizedTest
    @EnumSource(ErrorKind.class)
    void mapsEveryKindOfError(ErrorKind kind) {
        HttpResponse<String> answer = SERVER.get("/fail/" + kind);
        int expected =
                switch (kind) {
                    case INVALID -> 400;
                    case DENIED -> 401;
                    case NOT_FOUND -> 404;
                    case CONFLICT, FENCED -> 409;
                    case EXHAUSTED -> 429;
                    case UNAVAILABLE -> 503;
                    case CORRUPT, INTERNAL -> 500;
                };
        assertThat(answer.statusCode()).isEqualTo(expected);
        String id = answer.headers().firstValue("x-request-id").orElseThrow();
        assertThat(answer.body())
                .contains("\"code\":\"" + kind + "\"", "\"request_id\":\"" + id + "\"");
        boolean retry = kind == ErrorKind.EXHAUSTED || kind == ErrorKind.UNAVAILABLE;
        assertThat(answer.headers().firstValue("retry-after").isPresent()).isEqualTo(retry);
        assertThat(answer.body().contains("what went wrong")).isEqualTo(kind != ErrorKind.INTERNAL);
    }

    @Test
    void hidesWhatWentWrongInside() {
        HttpResponse<String> answer = SERVER.get("/fail/bug");
        assertThat(answer.statusCode()).isEqualTo(500);
        assertThat(answer.body())
                .contains("INTERNAL", answer.headers().firstValue("x-request-id").orElseThrow())
                .doesNotContain("secret", "Exception");
    }

    @Test
    void headIsGetWithoutABody() {
        HttpResponse<String> answer =
                SERVER.send(
                        SERVER.request("/t/a").method("HEAD", HttpRequest.BodyPublishers.noBody()));
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEmpty();
        assertThat(
                        SERVER.send(
                                        SERVER.request("/unread")
                                                .method(
                                                        "HEAD",
                                                        HttpRequest.BodyPublishers.noBody()))
                                .statusCode())
                .isEqualTo(405);
    }

    @Test
    void answersOddTargetsAndMethods() {
        for (String line : List.of("OPTIONS *", "CONNECT x:1", "TRACE /t/a", "BREW /t/a")) {
            try (RawConnection connection = new RawConnection(SERVER.port())) {
                String[] parts = line.split(" ", -1);
                String answer = connection.head(parts[0], parts[1], "Connection: close").readAll();
                assertThat(answer).as(line).containsAnyOf("HTTP/1.1 404", "HTTP/1.1 405");
            }
        }
    }

    @Test
    void anEmptyReplyHasNoLength() {
        HttpResponse<String> answer =
                SERVER.send(SERVER.request("/unread").POST(HttpRequest.BodyPublishers.noBody()));
        assertThat(answer.statusCode()).isEqualTo(204);
        assertThat(answer.headers().map()).doesNotContainKey("content-length");
    }

    @Test
    void openRoutesNeedNoToken() {
        for (String path : List.of("/health", "/ready", "/openapi.json")) {
            HttpRequest.Builder request =
                    HttpRequest.newBuilder(SERVER.request(path).build().uri());
            assertThat(SERVER.send(request).statusCode()).as(path).isEqualTo(200);
        }
        SERVER.ready.set(false);
        HttpResponse<String> unready = SERVER.get("/ready");
        assertThat(unready.statusCode()).isEqualTo(503);
        assertThat(unready.headers().firstValue("retry-after")).isPresent();
        assertThat(SERVER.get("/health").statusCode()).isEqualTo(200);
        SERVER.ready.set(true);
    }

    @Test
    void metricsCountByRouteAndStatus() {
        try (TestServer own = TestServer.of(Route.of("GET", "/t/{name}", _ -> Reply.empty(204)))) {
            own.get("/t/a");
            own.get("/t/b");
            own.get("/nowhere");
            String text = "";
            // A request is counted just after its reply has left.
            for (int i = 0; i < 100 && !text.contains("unmatched"); i++) {
                text = own.get("/metrics").body();
            }
            assertThat(text)
                    .contains(
                            "quern_http_requests_seconds_count"
                                    + "{method=\"GET\",route=\"/t/{name}\",status=\"204\"} 2")
                    .contains("route=\"unmatched\",status=\"404\"")
                    .contains("quern_http_in_flight", "quern_http_connections")
                    .contains("jvm_memory_used_bytes")
                    .doesNotContain("nowhere");
            HttpRequest.Builder request =
                    HttpRequest.newBuilder(own.request("/metrics").build().uri());
            assertThat(own.send(request).statusCode()).isEqualTo(401);
        }
    }

    @Test
    void keepsTheConnectionWhenASmallBodyWasNotRead() {
        try (RawConnection connection = new RawConnection(SERVER.port())) {
            connection.head("POST", "/unread", "Content-Length: 5").send("hello");
            assertThat(connection.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 204");
            connection.head("GET", "/t/a", "Connection: close");
            assertThat(connection.readAll()).startsWith("HTTP/1.1 200");
        }
    }

    @Test
    void answersPipelinedRequestsInOrder() {
        try (RawConnection connection = new RawConnection(SERVER.port())) {
            connection.head("POST", "/t/1", "Content-Length: 3").send("one");
            connection.head("POST", "/t/2", "Content-Length: 3").send("two");
            connection.head("GET", "/t/three", "Connection: close");
            String answer = connection.readAll();
            assertThat(answer.indexOf("one")).isPositive().isLessThan(answer.indexOf("two"));
            assertThat(answer.indexOf("two")).isLessThan(answer.indexOf("three"));
        }
    }
}
