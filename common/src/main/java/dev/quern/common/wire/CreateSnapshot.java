package dev.quern.common.wire;

/// `POST /v1/collections/{collection}/snapshots`.
///
/// @param name 1 to 63 characters of `A-Z a-z 0-9 . _ -`, unique in the collection
public record CreateSnapshot(String name) {}
