package dev.quern.common.wire;

import org.jspecify.annotations.Nullable;

/// `POST /v1/collections/{collection}/branch`.
///
/// @param name of the new collection
/// @param at what to begin with: a snapshot's name, the token of a write, or a moment (RFC 3339);
///   default the rows as they are now
public record BranchCollection(String name, @Nullable String at) {}
