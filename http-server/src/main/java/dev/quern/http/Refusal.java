package dev.quern.http;

import dev.quern.common.ErrorKind;
import dev.quern.common.Names;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/// A refusal that belongs to HTTP itself, where the status says more than an [ErrorKind] does: 403,
/// 404 for a path, 405, 408, 413, 416. Never leaves this module.
final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final ErrorKind kind;
    private final transient Map<String, String> headers;

    private Refusal(int status, ErrorKind kind, String message, Map<String, String> headers) {
        super(message, null, false, false);
        this.status = status;
        this.kind = kind;
        this.headers = headers;
    }

    static Refusal unknownPath(String rawPath) {
        return new Refusal(
                404,
                ErrorKind.NOT_FOUND,
                "no such path: " + Names.abbreviate(rawPath) + " (see /openapi.json)",
                Map.of());
    }

    static Refusal wrongMethod(String method, String rawPath, List<String> allowed) {
        String list = String.join(", ", allowed);
        return new Refusal(
                405,
                ErrorKind.INVALID,
                "method "
                        + Names.abbreviate(method)
                        + " is not allowed on "
                        + Names.abbreviate(rawPath)
                        + "; allowed: "
                        + list,
                Map.of("allow", list));
    }

    static Refusal notOperator() {
        return new Refusal(
                403,
                ErrorKind.DENIED,
                "only an operator's token may do this, such as the one in the data directory's"
                        + " admin.token",
                Map.of());
    }

    static Refusal tooLarge(String what, long limitBytes) {
        return new Refusal(
                413,
                ErrorKind.INVALID,
                what + " is over the limit of " + limitBytes + " bytes",
                Map.of());
    }

    static Refusal stalled(Duration timeout) {
        return new Refusal(
                408,
                ErrorKind.INVALID,
                "nothing of the body came for " + timeout.toMillis() + " ms",
                Map.of());
    }

    static Refusal unsatisfiableRange(String range, long sizeBytes) {
        return new Refusal(
                416,
                ErrorKind.INVALID,
                "range "
                        + Names.abbreviate(range)
                        + " lies outside a file of "
                        + sizeBytes
                        + " bytes",
                Map.of("content-range", "bytes */" + sizeBytes));
    }

    int status() {
        return status;
    }

    ErrorKind kind() {
        return kind;
    }

    Map<String, String> headers() {
        return headers;
    }

    String text() {
        String message = getMessage();
        return message == null ? kind.name() : message;
    }
}
