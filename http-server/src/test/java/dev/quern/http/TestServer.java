package dev.quern.http;

import dev.quern.common.Authenticator;
import dev.quern.common.ByteSize;
import dev.quern.common.ErrorKind;
import dev.quern.common.Principal;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// A server of given routes on a free port, and a client for it.
final class TestServer implements AutoCloseable {
    static final String TOKEN = "test-token";
    static final String OPERATOR = "operator-token";

    final AtomicBoolean ready = new AtomicBoolean(true);
    final HttpServer server;
    private final HttpClient client = HttpClient.newHttpClient();

    @SuppressWarnings("MustBeClosedChecker") // close() closes it
    private TestServer(HttpConfig config, List<Route> routes) {
        server = HttpServer.open(config, base(ready), _ -> routes);
    }

    @SuppressWarnings("MustBeClosedChecker") // close() closes it
    private TestServer(HttpConfig config, HttpServices services) {
        server = HttpServer.open(config, services);
    }

    static TestServer of(HttpServices services) {
        return new TestServer(config(), services);
    }

    static TestServer of(Route... routes) {
        return new TestServer(config(), List.of(routes));
    }

    static TestServer of(HttpConfig config, Route... routes) {
        return new TestServer(config, List.of(routes));
    }

    /// Small bounds, short waits.
    static HttpConfig config() {
        return new HttpConfig(
                "127.0.0.1",
                0,
                ByteSize.ofMebibytes(8),
                ByteSize.ofMebibytes(32),
                64,
                256,
                Duration.ofSeconds(20),
                Duration.ofSeconds(20),
                Duration.ofSeconds(10));
    }

    static HttpServer.Base base(AtomicBoolean ready) {
        return new HttpServer.Base(
                TOKENS,
                new PrometheusMeterRegistry(PrometheusConfig.DEFAULT),
                ready::get,
                InstantSource.fixed(Instant.parse("2026-01-02T03:04:05Z")),
                new SplittableRandom(7));
    }

    /// The tokens above, known without waiting.
    static final Authenticator TOKENS =
            new Authenticator() {
                @Override
                public Principal authenticate(@Nullable String token) {
                    return principal(token);
                }

                @Override
                public Optional<Principal> known(String token) {
                    return TOKEN.equals(token) ? Optional.of(principal(token)) : Optional.empty();
                }
            };

    private static Principal principal(@Nullable String token) {
        if (TOKEN.equals(token)) {
            return new Principal(SpaceId.DEFAULT, "test");
        }
        if (OPERATOR.equals(token)) {
            return new Principal(SpaceId.DEFAULT, "operator", true);
        }
        throw new QuernException(
                ErrorKind.DENIED, token == null ? "a token is required" : "unknown token");
    }

    int port() {
        return server.port();
    }

    HttpRequest.Builder request(String path) {
        return request(path, TOKEN);
    }

    HttpRequest.Builder request(String path, String token) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + path))
                .header("authorization", "Bearer " + token)
                .timeout(Duration.ofSeconds(60));
    }

    HttpResponse<String> send(HttpRequest.Builder request) {
        return send(request, HttpResponse.BodyHandlers.ofString());
    }

    <T> HttpResponse<T> send(HttpRequest.Builder request, HttpResponse.BodyHandler<T> handler) {
        try {
            return client.send(request.build(), handler);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    HttpResponse<String> get(String path) {
        return send(request(path));
    }

    HttpResponse<String> delete(String path) {
        return send(request(path).DELETE());
    }

    HttpResponse<String> post(String path, String json) {
        return send(
                request(path)
                        .header("content-type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(json)));
    }

    HttpResponse<String> patch(String path, String json) {
        return send(
                request(path)
                        .header("content-type", "application/json")
                        .method("PATCH", HttpRequest.BodyPublishers.ofString(json)));
    }

    HttpResponse<String> put(String path, byte[] body) {
        return send(request(path).PUT(HttpRequest.BodyPublishers.ofByteArray(body)));
    }

    @Override
    public void close() {
        server.close();
        client.close();
    }
}
