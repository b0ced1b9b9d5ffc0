package dev.quern.function;

import java.util.Optional;

/// What a call returned.
///
/// @param contentType as of [Payload]
/// @param sizeBytes of the encoded value
/// @param bytes the value, when it is at hand: small, or of a call that this very request ran; else
///   [FunctionService#openOutput] reads it
public record CallOutput(String contentType, long sizeBytes, Optional<byte[]> bytes) {}
