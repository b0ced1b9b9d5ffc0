package dev.quern.common.wire;

import org.jspecify.annotations.Nullable;

/// An input or output. Exactly one of `json`, `base64`, `href` is set.
///
/// @param contentType `application/json`, `application/octet-stream` or
///   `application/x-python-pickle`
/// @param json the value, for `application/json`
/// @param base64 the bytes, for other types up to 4 MiB
/// @param href where to get the bytes, for larger ones
/// @param sizeBytes of the encoded payload
public record Payload(
        String contentType,
        @Nullable Object json,
        @Nullable String base64,
        @Nullable String href,
        long sizeBytes) {}
