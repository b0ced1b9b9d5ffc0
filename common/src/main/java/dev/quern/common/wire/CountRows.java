package dev.quern.common.wire;

import org.jspecify.annotations.Nullable;

/// `POST /v1/collections/{collection}/count`.
///
/// @param filter as in a search; default all rows
/// @param at a snapshot to count in; default the rows as they are now
public record CountRows(@Nullable Object filter, @Nullable String at) {}
