package dev.quern.common.wire;

/// `POST /v1/collections/{collection}/rename`.
///
/// @param to the new name, which no collection and no alias has
public record RenameCollection(String to) {}
