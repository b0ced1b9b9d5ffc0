package dev.quern.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ByteSize;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Every bound of the server: bodies, heads, requests, connections, waiting.
@Timeout(60)
final class BoundsTest {
    record Named(String name) {}

    private static Route json() {
        return Route.of("POST", "/json", r -> Reply.json(r.json(Named.class)));
    }

    private static Route upload() {
        return Route.of(
                "PUT", "/upload", r -> Reply.json(Map.of("bytes", r.body().readAllBytes().length)));
    }

    @Test
    void refusesATooLongJsonBodyBeforeItComes() {
        try (TestServer server = TestServer.of(json());
                RawConnection connection = new RawConnection(server.port())) {
            long start = System.nanoTime();
            connection.head("POST", "/json", "Content-Length: 2147483648");
            String head = connection.readUntil("\r\n\r\n");
            assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(2));
            assertThat(head).startsWith("HTTP/1.1 413").containsIgnoringCase("connection: close");
            assertThat(connection.readAll()).contains("\"code\":\"INVALID\"", "8388608 bytes");
        }
    }

    @Test
    void refusesATooLongChunkedBodyAsItComes() {
        try (TestServer server = TestServer.of(json());
                RawConnection connection = new RawConnection(server.port())) {
            connection.head("POST", "/json", "Transfer-Encoding: chunked");
            connection.send("100000\r\n\"" + "x".repeat((1 << 20) - 1) + "\r\n");
            for (int i = 1; i < 9; i++) {
                connection.send("100000\r\n" + "x".repeat(1 << 20) + "\r\n");
            }
            assertThat(connection.readUntil("\r\n\r\n"))
                    .startsWith("HTTP/1.1 413")
                    .containsIgnoringCase("connection: close");
        }
    }

    @Test
    void continuesOnlyWhenItWillRead() {
        try (TestServer server = TestServer.of(json(), upload())) {
            try (RawConnection connection = new RawConnection(server.port())) {
                connection.head(
                        "POST", "/json", "Content-Length: 99999999", "Expect: 100-continue");
                assertThat(connection.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 413");
            }
            try (RawConnection connection = new RawConnection(server.port())) {
                connection.head("GET", "/none", "Content-Length: 5", "Expect: 100-continue");
                assertThat(connection.readUntil("\r\n\r\n"))
                        .startsWith("HTTP/1.1 404")
                        .containsIgnoringCase("connection: close");
            }
            try (RawConnection connection = new RawConnection(server.port())) {
                connection.head(
                        "PUT",
                        "/upload",
                        "Content-Length: 5",
                        "Expect: 100-continue",
                        "Connection: close");
                assertThat(connection.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 100");
                assertThat(connection.send("hello").readAll())
                        .startsWith("HTTP/1.1 200")
                        .contains("\"bytes\":5");
            }
        }
    }

    @Test
    void boundsTheMemoryOfAllBodiesTogether() throws InterruptedException {
        HttpConfig config =
                new HttpConfig(
                        "127.0.0.1",
                        0,
                        ByteSize.ofKibibytes(64),
                        ByteSize.ofKibibytes(100),
                        64,
                        64,
                        Duration.ofSeconds(20),
                        Duration.ofSeconds(20),
                        Duration.ofSeconds(5));
        CountDownLatch reading = new CountDownLatch(1);
        Route slow =
                Route.of(
                        "POST",
                        "/json",
                        r -> {
                            reading.countDown();
                            return Reply.json(r.json(Named.class));
                        });
        try (TestServer server = TestServer.of(config, slow);
                RawConnection connection = new RawConnection(server.port())) {
            String body = "{\"name\":\"" + "x".repeat(60_000) + "\"}";
            connection.head(
                    "POST", "/json", "Content-Length: " + body.length(), "Connection: close");
            assertThat(reading.await(10, TimeUnit.SECONDS)).isTrue();
            connection.send(body.substring(0, 1000));
            HttpResponse<String> refused = server.post("/json", body);
            for (int i = 0; i < 100 && refused.statusCode() == 200; i++) {
                refused = server.post("/json", body);
            }
            assertThat(refused.statusCode()).isEqualTo(429);
            assertThat(refused.headers().firstValue("retry-after")).hasValue("1");
            assertThat(server.post("/json", "{\"name\":\"small\"}").statusCode()).isEqualTo(200);
            assertThat(connection.send(body.substring(1000)).readAll()).startsWith("HTTP/1.1 200");
            // The memory is given back just after the reply has left.
            HttpResponse<String> again = server.post("/json", body);
            for (int i = 0; i < 100 && again.statusCode() == 429; i++) {
                again = server.post("/json", body);
            }
            assertThat(again.statusCode()).isEqualTo(200);
        }
    }

    @Test
    void refusesRequestsOverTheBoundButAnswersMonitors() throws InterruptedException {
        HttpConfig defaults = TestServer.config();
        HttpConfig config =
                new HttpConfig(
                        defaults.host(),
                        0,
                        defaults.maxJsonBytes(),
                        defaults.maxBufferedBytes(),
                        2,
                        64,
                        defaults.stallTimeout(),
                        defaults.idleTimeout(),
                        defaults.drainTimeout());
        CountDownLatch entered = new CountDownLatch(2);
        CountDownLatch go = new CountDownLatch(1);
        Route slow =
                Route.of(
                        "GET",
                        "/slow",
                        _ -> {
                            entered.countDown();
                            await(go);
                            return Reply.empty(204);
                        });
        try (TestServer server = TestServer.of(config, slow)) {
            List<RawConnection> waiting = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                waiting.add(new RawConnection(server.port()).head("GET", "/slow"));
            }
            assertThat(entered.await(10, TimeUnit.SECONDS)).isTrue();
            HttpResponse<String> refused = server.get("/slow");
            assertThat(refused.statusCode()).isEqualTo(429);
            assertThat(refused.body()).contains("EXHAUSTED", "retry_after_ms");
            assertThat(server.get("/health").statusCode()).isEqualTo(200);
            assertThat(server.get("/metrics").statusCode()).isEqualTo(200);
            go.countDown();
            for (RawConnection connection : waiting) {
                assertThat(connection.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 204");
                connection.close();
            }
            assertThat(server.get("/slow").statusCode()).isEqualTo(204);
        }
    }

    private static void await(CountDownLatch latch) throws IOException {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    @Test
    void refusesHeadsThatAreTooLong() {
        try (TestServer server = TestServer.of(json())) {
            try (RawConnection connection = new RawConnection(server.port())) {
                String answer = connection.head("GET", "/" + "x".repeat(20_000)).readAll();
                assertThat(answer).contains(" 414 ").contains("\"code\":\"INVALID\"");
            }
            try (RawConnection connection = new RawConnection(server.port())) {
                String answer = connection.head("GET", "/", "x-a: " + "x".repeat(40_000)).readAll();
                assertThat(answer).contains(" 431 ").contains("\"code\":\"INVALID\"");
            }
            try (RawConnection connection = new RawConnection(server.port())) {
                assertThat(connection.send("nonsense\r\n\r\n").readAll())
                        .contains(" 400 ")
                        .contains("malformed");
            }
        }
    }

    @Test
    void givesUpOnBodiesThatStall() {
        HttpConfig defaults = TestServer.config();
        HttpConfig config =
                new HttpConfig(
                        defaults.host(),
                        0,
                        defaults.maxJsonBytes(),
                        defaults.maxBufferedBytes(),
                        8,
                        8,
                        Duration.ofMillis(300),
                        Duration.ofSeconds(20),
                        Duration.ofSeconds(5));
        try (TestServer server = TestServer.of(config, upload());
                RawConnection connection = new RawConnection(server.port())) {
            connection.head("PUT", "/upload", "Content-Length: 1000000").send("abc");
            assertThat(connection.readUntil("\r\n\r\n"))
                    .startsWith("HTTP/1.1 408")
                    .containsIgnoringCase("connection: close");
        }
    }

    @Test
    void closesIdleConnectionsAndThoseBeyondTheBound() {
        HttpConfig defaults = TestServer.config();
        HttpConfig config =
                new HttpConfig(
                        defaults.host(),
                        0,
                        defaults.maxJsonBytes(),
                        defaults.maxBufferedBytes(),
                        8,
                        2,
                        defaults.stallTimeout(),
                        Duration.ofMillis(700),
                        Duration.ofSeconds(5));
        try (TestServer server = TestServer.of(config);
                RawConnection first = new RawConnection(server.port());
                RawConnection second = new RawConnection(server.port())) {
            first.head("GET", "/health");
            assertThat(first.readUntil("}")).contains("ok");
            second.send("GET /health HT");
            try (RawConnection third = new RawConnection(server.port())) {
                assertThat(third.readAll()).isEmpty();
            }
            assertThat(first.readAll()).isEmpty();
            assertThat(second.readAll()).isEmpty();
            assertThat(server.get("/health").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void saysWhenThePortIsTaken() {
        try (TestServer server = TestServer.of()) {
            HttpConfig same = HttpConfig.of("127.0.0.1", server.port());
            assertThatThrownBy(() -> TestServer.of(same).close())
                    .isInstanceOfSatisfying(
                            QuernException.class,
                            e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFLICT))
                    .hasMessageContaining("port " + server.port())
                    .hasMessageContaining("in use");
        }
        assertThatThrownBy(() -> TestServer.of(HttpConfig.of("203.0.113.7", 0)).close())
                .isInstanceOfSatisfying(
                        QuernException.class,
                        e -> assertThat(e.kind()).isEqualTo(ErrorKind.INVALID));
    }

    @Test
    void readsJsonStrictlyFromTheSocket() {
        try (TestServer server = TestServer.of(json())) {
            assertThat(server.post("/json", "{\"name\":\"a\"}").body())
                    .isEqualTo("{\"name\":\"a\"}");
            HttpResponse<String> unknown = server.post("/json", "{\"name\":\"a\",\"nam\":1}");
            assertThat(unknown.statusCode()).isEqualTo(400);
            assertThat(unknown.body()).contains("unknown field 'nam'; known here: name");
            HttpResponse<String> empty =
                    server.send(server.request("/json").POST(HttpRequest.BodyPublishers.noBody()));
            assertThat(empty.body()).contains("a JSON body is required");
        }
    }
}
