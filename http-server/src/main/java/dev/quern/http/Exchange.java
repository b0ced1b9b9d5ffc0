package dev.quern.http;

import dev.quern.common.Principal;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/// One request between the event loop and the thread that serves it: its body, its reply, and what
/// the access log says of it. Made on the event loop; then of the serving thread, but for
/// [#disconnected].
final class Exchange {
    /// What the log says when the client left before it got a reply.
    static final int CLIENT_GONE = 499;

    /// An unread body of at most this many bytes is read to keep the connection; else it is closed.
    private static final long MAX_SKIPPED_BYTES = 256 << 10;

    private final HttpServerRequest request;
    private final LoopOutbox outbox;
    private final String id;
    private final RequestBody body;
    private final HttpDate date;
    private final Duration stallTimeout;
    private final long startNanos = System.nanoTime();
    private volatile boolean gone;
    private volatile @Nullable ResponseSink sink;
    private String route = "unmatched";
    private Optional<Principal> principal = Optional.empty();
    private int status = CLIENT_GONE;
    private boolean closing;

    /// @param outbox of the request's event loop
    Exchange(
            HttpServerRequest request,
            LoopOutbox outbox,
            String id,
            HttpDate date,
            Duration stallTimeout) {
        this.outbox = outbox;
        this.date = date;
        this.request = request;
        this.id = id;
        this.stallTimeout = stallTimeout;
        this.body = RequestBody.of(request, stallTimeout);
        request.exceptionHandler(this::disconnected);
        request.response().exceptionHandler(this::disconnected);
        request.response().closeHandler(_ -> disconnected(null));
    }

    private void disconnected(@Nullable Throwable cause) {
        gone = true;
        IOException failure = new IOException("the client closed the connection", cause);
        body.fail(failure);
        ResponseSink current = sink;
        if (current != null) {
            current.fail(failure);
        }
    }

    HttpServerRequest request() {
        return request;
    }

    String id() {
        return id;
    }

    RequestBody body() {
        return body;
    }

    String method() {
        return request.method().name();
    }

    /// The path as it came; empty for `*` and the like.
    String rawPath() {
        String path = request.path();
        return path != null && path.startsWith("/") ? path : "";
    }

    String rawQuery() {
        String query = request.query();
        return query == null ? "" : query;
    }

    long elapsedNanos() {
        return System.nanoTime() - startNanos;
    }

    /// Whether the client is gone, or took nothing of its reply for too long.
    boolean gone() {
        ResponseSink current = sink;
        return gone || (current != null && current.failed());
    }

    String route() {
        return route;
    }

    void matched(Route matched) {
        route = matched.template();
    }

    Optional<Principal> principal() {
        return principal;
    }

    void authenticated(Principal by) {
        principal = Optional.of(by);
    }

    int status() {
        return status;
    }

    long sentBytes() {
        ResponseSink current = sink;
        return current == null ? 0 : current.writtenBytes();
    }

    boolean headSent() {
        ResponseSink current = sink;
        return current != null && current.headSent();
    }

    /// Sends a reply; of its last buffer nobody waits for the end, see [#whenSettled].
    ///
    /// @throws IOException if the client is gone
    void send(Reply reply) throws IOException {
        closing = !body.isDone() && (body.withheld() || body.missingBytes() > MAX_SKIPPED_BYTES);
        ResponseSink out =
                new ResponseSink(
                        request.response(),
                        outbox,
                        stallTimeout,
                        () -> prepareHead(reply),
                        this::close);
        sink = out;
        if (gone) {
            out.fail(new IOException("the client closed the connection"));
        }
        try {
            if (reply.body() instanceof Reply.Streamed streamed && !method().equals("HEAD")) {
                streamed.writer().write(out);
                requireLength(streamed.lengthBytes(), out);
            }
            out.finish();
        } finally {
            if (out.headSent()) {
                status = reply.status();
            }
        }
        leaveBody();
    }

    private static void requireLength(OptionalLong declared, ResponseSink out) {
        if (declared.isPresent() && declared.getAsLong() != out.totalBytes()) {
            throw new IllegalStateException(
                    "reply of "
                            + out.totalBytes()
                            + " bytes where "
                            + declared.getAsLong()
                            + " were declared");
        }
    }

    private void prepareHead(Reply reply) {
        HttpServerResponse response = request.response();
        response.setStatusCode(reply.status());
        response.putHeader("x-request-id", id);
        response.putHeader("date", date.now());
        for (Map.Entry<String, String> header : reply.headers().entrySet()) {
            response.putHeader(header.getKey(), header.getValue());
        }
        if (reply.body() instanceof Reply.Streamed streamed) {
            response.putHeader("content-type", streamed.contentType());
            streamed.lengthBytes()
                    .ifPresent(
                            length -> response.putHeader("content-length", Long.toString(length)));
        }
        if (closing) {
            response.putHeader("connection", "close");
        }
        if (reply.status() == 204) {
            // Vert.x adds the length 0, which RFC 9110 forbids here.
            response.headersEndHandler(_ -> response.headers().remove("content-length"));
        }
    }

    /// Deals with what the handler did not read. A connection that is to be closed is read from for
    /// a moment more, see [Connections#linger]: closed at once, it would be reset, and the reply
    /// lost on its way.
    private void leaveBody() {
        if (!body.isDone()) {
            body.discard(closing ? this::close : () -> {});
        }
    }

    /// Whether the connection is to be closed after this reply.
    boolean closing() {
        return closing;
    }

    /// Runs a task when nothing of a reply is on its way any more.
    void whenSettled(Runnable task) {
        ResponseSink current = sink;
        if (current == null) {
            task.run();
        } else {
            current.whenSettled(task);
        }
    }

    /// Cuts the connection, so that a client which got half a reply knows.
    void close() {
        try {
            var _ = request.connection().close();
        } catch (RejectedExecutionException e) {
            // The event loops have ended, and every connection with them.
            gone = true;
        }
    }
}
