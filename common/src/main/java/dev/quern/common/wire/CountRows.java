package dev.quern.common.wire;

import org.jspecify.annotations.Nullable;

/// `POST /v1/collections/{collection}/count`.
///
/// @param filter as in a search; default all rows
public record CountRows(@Nullable Object filter) {}
