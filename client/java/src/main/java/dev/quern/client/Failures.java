package dev.quern.client;

import dev.quern.common.ErrorKind;
import dev.quern.common.Names;
import dev.quern.common.QuernException;
import dev.quern.common.wire.ErrorBody;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Turns answers and broken connections into [QuernException].
final class Failures {
    /// Detail that is true when nothing listens at the address.
    static final String REFUSED = "connection_refused";

    private Failures() {}

    /// The exception of an answer whose status is 400 or above.
    ///
    /// @param body up to 1 MiB of it
    static QuernException of(HttpResponse<?> response, byte[] body) {
        Map<String, Object> details = new HashMap<>();
        response.headers().firstValue("x-request-id").ifPresent(v -> details.put("request_id", v));
        retryAfterMillis(response, details);
        ErrorBody error = parse(body);
        ErrorKind kind =
                error == null ? kindOf(response.statusCode()) : kindOf(error.code(), response);
        if (error == null) {
            String text = new String(body, StandardCharsets.UTF_8).strip();
            return new QuernException(
                    kind,
                    "server answered "
                            + response.statusCode()
                            + (text.isEmpty() ? "" : ": " + Names.abbreviate(text)),
                    details,
                    null);
        }
        details.putAll(withoutNulls(error.details()));
        return new QuernException(kind, error.message(), details, null);
    }

    /// The exception of an `error` that came inside a stream.
    static QuernException of(@Nullable ErrorBody error) {
        if (error == null) {
            return QuernException.internal("server reported an error without saying which", null);
        }
        return new QuernException(
                named(error.code(), ErrorKind.INTERNAL),
                error.message(),
                withoutNulls(error.details()),
                null);
    }

    /// The exception of a connection that could not be made or broke.
    static QuernException of(URI url, String what, IOException cause) {
        if (cause instanceof ConnectException) {
            return new QuernException(
                    ErrorKind.UNAVAILABLE,
                    "no server answers at "
                            + url
                            + ": start one with `quern serve`, or set QUERN_URL",
                    Map.of(REFUSED, true),
                    cause);
        }
        String reason =
                cause instanceof HttpTimeoutException
                        ? "no answer in time"
                        : String.valueOf(cause.getMessage());
        return new QuernException(
                ErrorKind.UNAVAILABLE, what + " at " + url + ": " + reason, cause);
    }

    private static @Nullable ErrorBody parse(byte[] body) {
        try {
            OpenAiError openAi = Json.read(body, OpenAiError.class);
            if (openAi != null && openAi.error() != null) {
                return new ErrorBody("", openAi.error().message(), Map.of());
            }
            ErrorBody error = Json.read(body, ErrorBody.class);
            return error == null || error.message() == null ? null : error;
        } catch (IOException notOurs) {
            return null;
        }
    }

    private static void retryAfterMillis(HttpResponse<?> response, Map<String, Object> details) {
        response.headers()
                .firstValue("retry-after")
                .filter(value -> value.matches("[0-9]{1,6}"))
                .ifPresent(value -> details.put("retry_after_ms", Long.parseLong(value) * 1_000));
    }

    private static ErrorKind kindOf(String code, HttpResponse<?> response) {
        return named(code, kindOf(response.statusCode()));
    }

    private static ErrorKind named(String code, ErrorKind otherwise) {
        for (ErrorKind kind : ErrorKind.values()) {
            if (kind.name().equals(code)) {
                return kind;
            }
        }
        return otherwise;
    }

    private static ErrorKind kindOf(int status) {
        return switch (status) {
            case 401, 403 -> ErrorKind.DENIED;
            case 404, 410 -> ErrorKind.NOT_FOUND;
            case 409, 412 -> ErrorKind.CONFLICT;
            case 429 -> ErrorKind.EXHAUSTED;
            case 502, 503, 504 -> ErrorKind.UNAVAILABLE;
            default -> status < 500 ? ErrorKind.INVALID : ErrorKind.INTERNAL;
        };
    }

    private static Map<String, Object> withoutNulls(@Nullable Map<String, Object> details) {
        Map<String, Object> kept = new HashMap<>();
        if (details != null) {
            details.forEach((name, value) -> {
                if (name != null && value != null) {
                    kept.put(name, value);
                }
            });
        }
        return kept;
    }

    record OpenAiError(@Nullable Problem error) {
        record Problem(String message) {}
    }
}
