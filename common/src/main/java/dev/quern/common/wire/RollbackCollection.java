package dev.quern.common.wire;

/// `POST /v1/collections/{collection}/rollback`.
///
/// @param to the snapshot to return to
public record RollbackCollection(String to) {}
