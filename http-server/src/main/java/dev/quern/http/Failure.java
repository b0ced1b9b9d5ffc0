package dev.quern.http;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.wire.ErrorBody;
import java.util.LinkedHashMap;
import java.util.Map;

/// An exception as the client is told of it.
///
/// @param status HTTP status
/// @param kind what the client can do about it
/// @param message safe to show: of an `INTERNAL` error only the request id
/// @param details particulars, the request id among them
/// @param headers of the reply, beyond the usual
record Failure(
        int status,
        ErrorKind kind,
        String message,
        Map<String, Object> details,
        Map<String, String> headers) {
    private static final long DEFAULT_RETRY_MILLIS = 1000;

    /// Copies the maps.
    Failure {
        details = Map.copyOf(details);
        headers = Map.copyOf(headers);
    }

    static Failure of(Throwable cause, String requestId) {
        return switch (cause) {
            case Refusal refusal ->
                    new Failure(
                            refusal.status(),
                            refusal.kind(),
                            refusal.text(),
                            Map.of("request_id", requestId),
                            refusal.headers());
            case QuernException e when e.kind() != ErrorKind.INTERNAL -> of(e, requestId);
            default ->
                    new Failure(
                            status(ErrorKind.INTERNAL),
                            ErrorKind.INTERNAL,
                            "internal error; the server's log has it under request " + requestId,
                            Map.of("request_id", requestId),
                            Map.of());
        };
    }

    private static Failure of(QuernException e, String requestId) {
        Map<String, Object> details = new LinkedHashMap<>(e.details());
        Map<String, String> headers = new LinkedHashMap<>();
        if (e.kind() == ErrorKind.EXHAUSTED || e.kind() == ErrorKind.UNAVAILABLE) {
            long millis =
                    details.get("retry_after_ms") instanceof Number number
                            ? number.longValue()
                            : DEFAULT_RETRY_MILLIS;
            details.put("retry_after_ms", millis);
            headers.put("retry-after", Long.toString(Math.max(1, Math.ceilDiv(millis, 1000))));
        }
        if (e.kind() == ErrorKind.DENIED) {
            headers.put("www-authenticate", "Bearer");
        }
        details.put("request_id", requestId);
        String message = e.getMessage();
        return new Failure(
                status(e.kind()), e.kind(), message == null ? "" : message, details, headers);
    }

    /// The one place where kinds become statuses.
    static int status(ErrorKind kind) {
        return switch (kind) {
            case INVALID -> 400;
            case DENIED -> 401;
            case NOT_FOUND -> 404;
            case CONFLICT, FENCED -> 409;
            case EXHAUSTED -> 429;
            case UNAVAILABLE -> 503;
            case CORRUPT, INTERNAL -> 500;
        };
    }

    ErrorBody body() {
        return new ErrorBody(kind.name(), message, details);
    }

    /// The reply of every route but the OpenAI-compatible ones.
    Reply reply() {
        return addHeaders(Reply.json(status, body()));
    }

    Reply addHeaders(Reply reply) {
        Reply with = reply;
        for (Map.Entry<String, String> header : headers.entrySet()) {
            with = with.with(header.getKey(), header.getValue());
        }
        return with;
    }
}
