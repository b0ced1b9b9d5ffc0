package dev.quern.common.wire;

import org.jspecify.annotations.Nullable;

/// `POST /v1/collections/{collection}/branch`.
///
/// @param name of the new collection
/// @param at a snapshot to begin with; default the rows as they are now
public record BranchCollection(String name, @Nullable String at) {}
