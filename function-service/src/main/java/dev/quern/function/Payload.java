package dev.quern.function;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.util.Set;

/// An input.
///
/// JSON is `{"args": [...], "kwargs": {...}}`; any other JSON value is the one positional argument.
/// `application/octet-stream` is one argument of bytes. A pickle is of `(args, kwargs)` and only
/// for Python functions; the service never opens one.
///
/// @param contentType [#JSON], [#BYTES] or [#PICKLE]
/// @param bytes at most [#MAX_BYTES], not modified after
public record Payload(String contentType, byte[] bytes) {
    /// The content type of JSON.
    public static final String JSON = "application/json";

    /// The content type of raw bytes.
    public static final String BYTES = "application/octet-stream";

    /// The content type of a Python pickle (cloudpickle or pickle).
    public static final String PICKLE = "application/x-python-pickle";

    static final Set<String> TYPES = Set.of(JSON, BYTES, PICKLE);

    /// The largest input or output: 16 MiB.
    public static final int MAX_BYTES = 16 << 20;

    /// Checks type and size.
    public Payload {
        if (!TYPES.contains(contentType)) {
            throw QuernException.invalid(
                    "content type must be "
                            + String.join(", ", JSON, BYTES)
                            + " or "
                            + PICKLE
                            + ", got \""
                            + Names.abbreviate(contentType)
                            + "\"");
        }
        if (bytes.length > MAX_BYTES) {
            throw QuernException.invalid(
                    "payload must be at most " + MAX_BYTES + " bytes, got " + bytes.length);
        }
    }
}
