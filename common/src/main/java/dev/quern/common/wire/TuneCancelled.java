package dev.quern.common.wire;

/// Answer to `POST /v1/collections/{collection}/tune/cancel`.
///
/// @param cancelled whether the collection was being tuned
public record TuneCancelled(boolean cancelled) {}
