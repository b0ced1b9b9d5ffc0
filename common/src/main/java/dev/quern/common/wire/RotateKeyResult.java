package dev.quern.common.wire;

/// The data key of a space from here on.
///
/// @param space whose
/// @param keyId number of the key, from 1
public record RotateKeyResult(String space, int keyId) {}
