package dev.quern.client;

import dev.quern.common.QuernException;
import dev.quern.common.wire.Payload;
import java.io.IOException;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/// The encoded input of a call.
///
/// @param contentType `application/json`, `application/octet-stream`,
///   `application/vnd.apache.arrow.stream`, or `application/x-python-pickle` for a Python function
/// @param bytes at most 16 MiB
public record CallInput(String contentType, byte[] bytes) {
    private static final String JSON = "application/json";

    /// Positional arguments, as JSON.
    ///
    /// @throws QuernException `INVALID` if Jackson cannot write one of them
    public static CallInput args(Object... args) {
        return args(List.of(args), Map.of());
    }

    /// Positional and named arguments, as JSON; named ones are for Python functions.
    public static CallInput args(List<?> args, Map<String, ?> kwargs) {
        return new CallInput(JSON, Json.write(Map.of("args", args, "kwargs", kwargs)));
    }

    Payload toPayload() {
        if (contentType.equals(JSON)) {
            try {
                return new Payload(
                        contentType, Json.read(bytes, Object.class), null, null, bytes.length);
            } catch (IOException e) {
                throw QuernException.invalid("input is not JSON: " + e.getMessage());
            }
        }
        String base64 = Base64.getEncoder().encodeToString(bytes);
        return new Payload(contentType, null, base64, null, bytes.length);
    }
}
