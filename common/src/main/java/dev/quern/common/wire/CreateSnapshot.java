package dev.quern.common.wire;

import org.jspecify.annotations.Nullable;

/// `POST /v1/collections/{collection}/snapshots`.
///
/// @param name 1 to 63 characters of `A-Z a-z 0-9 . _ -`, unique in the collection
/// @param at what to keep: another snapshot's name, the token of a write, or a moment (RFC 3339);
///   default the rows as they are now
public record CreateSnapshot(String name, @Nullable String at) {}
