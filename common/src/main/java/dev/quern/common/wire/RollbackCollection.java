package dev.quern.common.wire;

/// `POST /v1/collections/{collection}/rollback`.
///
/// @param to what to return to: a snapshot's name, the token of a write, or a moment (RFC 3339)
public record RollbackCollection(String to) {}
