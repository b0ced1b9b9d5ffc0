package dev.quern.client;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Sends requests, and sends them again where that is safe: after 0.1 to 0.2 s, then twice as long
/// each time, at least as long as the server asks for, at most 30 s. Thread-safe.
final class HttpTransport implements AutoCloseable {
    private static final int ERROR_BYTES_MAX = 1 << 20;
    private static final long FIRST_WAIT_MILLIS = 200;
    private static final long WAIT_MILLIS_MAX = 30_000;

    private final ClientConfig config;
    private final HttpClient client;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition closing = lock.newCondition();

    @GuardedBy("lock")
    private boolean closed;

    HttpTransport(ClientConfig config) {
        this.config = config;
        this.client =
                HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .connectTimeout(Duration.ofSeconds(5))
                        .build();
    }

    /// Sends and reads the answer as JSON of `type`.
    <T> T json(Request request, Class<T> type) {
        try (InputStream body = open(request).body()) {
            return Json.read(body, type);
        } catch (IOException e) {
            throw Failures.of(config.url(), "answer to " + describe(request) + " broke off", e);
        }
    }

    /// Sends a request whose answer has no body worth reading.
    void run(Request request) {
        try (InputStream body = open(request).body()) {
            body.skipNBytes(0);
        } catch (IOException e) {
            throw Failures.of(config.url(), "answer to " + describe(request) + " broke off", e);
        }
    }

    /// Sends and returns the answer with its body unread; its status is below 400. The caller
    /// closes the body.
    HttpResponse<InputStream> open(Request request, String... headers) {
        for (int attempt = 1; ; attempt++) {
            try {
                return sendOnce(request, headers);
            } catch (QuernException failure) {
                if (attempt >= config.attempts() || !request.retry().allows(failure)) {
                    throw failure;
                }
                pause(waitMillis(attempt, failure), failure);
            }
        }
    }

    /// Whether a route that needs no token answers 200.
    boolean answersOk(String path) {
        HttpRequest probe = HttpRequest.newBuilder(uri(path)).timeout(config.timeout()).build();
        try {
            return client.send(probe, BodyHandlers.discarding()).statusCode() == 200;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private HttpResponse<InputStream> sendOnce(Request request, String... headers) {
        HttpRequest.Builder builder =
                HttpRequest.newBuilder(uri(request.target()))
                        .header("authorization", "Bearer " + config.token())
                        .header("user-agent", "quern-java")
                        .method(request.method(), request.body().get());
        if (request.contentType() != null) {
            builder.header("content-type", request.contentType());
        }
        if (headers.length > 0) {
            builder.headers(headers);
        }
        if (!request.waits()) {
            builder.timeout(config.timeout());
        }
        try {
            HttpResponse<InputStream> response =
                    client.send(builder.build(), BodyHandlers.ofInputStream());
            if (response.statusCode() < 400) {
                return response;
            }
            try (InputStream body = response.body()) {
                throw Failures.of(response, body.readNBytes(ERROR_BYTES_MAX));
            }
        } catch (IOException e) {
            throw Failures.of(config.url(), describe(request) + " failed", e);
        } catch (InterruptedException e) {
            throw interrupted(describe(request), e);
        }
    }

    private long waitMillis(int attempt, QuernException failure) {
        long ceiling = Math.min(WAIT_MILLIS_MAX, FIRST_WAIT_MILLIS << Math.min(attempt - 1, 16));
        long jittered = ceiling / 2 + config.random().nextLong(ceiling / 2 + 1);
        long asked =
                failure.details().get("retry_after_ms") instanceof Number millis
                        ? millis.longValue()
                        : 0;
        return Math.min(WAIT_MILLIS_MAX, Math.max(jittered, asked));
    }

    private void pause(long millis, QuernException failure) {
        long left = TimeUnit.MILLISECONDS.toNanos(millis);
        lock.lock();
        try {
            while (left > 0 && !closed) {
                left = closing.awaitNanos(left);
            }
            if (closed) {
                throw failure;
            }
        } catch (InterruptedException e) {
            throw interrupted("wait before a retry", e);
        } finally {
            lock.unlock();
        }
    }

    private URI uri(String target) {
        return URI.create(config.url() + target);
    }

    private static String describe(Request request) {
        int query = request.target().indexOf('?');
        String path = query < 0 ? request.target() : request.target().substring(0, query);
        return request.method() + " " + path;
    }

    private static QuernException interrupted(String what, InterruptedException cause) {
        Thread.currentThread().interrupt();
        return new QuernException(ErrorKind.UNAVAILABLE, what + " was interrupted", cause);
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            closing.signalAll();
        } finally {
            lock.unlock();
        }
        client.shutdownNow();
    }
}
