package dev.quern.common;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The one exception of Quern's own code: a kind that tells the caller what to do, and a message
/// that names the thing, what was expected and what came (lowercase, no full stop at the end).
public final class QuernException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final ErrorKind kind;
    private final transient Map<String, Object> details;

    /// An error without details.
    public QuernException(ErrorKind kind, String message) {
        this(kind, message, Map.of(), null);
    }

    /// An error with its cause.
    public QuernException(ErrorKind kind, String message, @Nullable Throwable cause) {
        this(kind, message, Map.of(), cause);
    }

    /// An error with machine-readable details, such as `retry_after_ms`; values are strings,
    /// numbers or booleans.
    public QuernException(
            ErrorKind kind,
            String message,
            Map<String, Object> details,
            @Nullable Throwable cause) {
        super(Objects.requireNonNull(message, "message"), cause);
        this.kind = Objects.requireNonNull(kind, "kind");
        this.details = Map.copyOf(new LinkedHashMap<>(details));
    }

    /// What the caller can do about it.
    public ErrorKind kind() {
        return kind;
    }

    /// Machine-readable particulars; never null, often empty.
    public Map<String, Object> details() {
        return details;
    }

    /// An `INVALID` error: the request can never succeed as it is.
    public static QuernException invalid(String message) {
        return new QuernException(ErrorKind.INVALID, message);
    }

    /// A `NOT_FOUND` error.
    public static QuernException notFound(String message) {
        return new QuernException(ErrorKind.NOT_FOUND, message);
    }

    /// A `CONFLICT` error.
    public static QuernException conflict(String message) {
        return new QuernException(ErrorKind.CONFLICT, message);
    }

    /// An `EXHAUSTED` error with the time after which a retry makes sense.
    public static QuernException exhausted(String message, long retryAfterMillis) {
        return new QuernException(
                ErrorKind.EXHAUSTED, message, Map.of("retry_after_ms", retryAfterMillis), null);
    }

    /// A `CORRUPT` error; the message names the file and the offset.
    public static QuernException corrupt(String message) {
        return new QuernException(ErrorKind.CORRUPT, message);
    }

    /// An `INTERNAL` error: a broken invariant or an unexpected failure below.
    public static QuernException internal(String message, @Nullable Throwable cause) {
        return new QuernException(ErrorKind.INTERNAL, message, cause);
    }
}
