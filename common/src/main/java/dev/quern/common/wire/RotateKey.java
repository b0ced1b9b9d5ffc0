package dev.quern.common.wire;

import org.jspecify.annotations.Nullable;

/// `POST /v1/storage/rotate-key`: encrypt the new chunks of a space with a new data key.
///
/// @param space whose; default `default`
public record RotateKey(@Nullable String space) {}
