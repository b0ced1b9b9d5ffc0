package dev.quern.common.wire;

import org.jspecify.annotations.Nullable;

/// `POST /v1/collections/{collection}/count`.
///
/// @param filter as in a search; default all rows
/// @param at what to count in: a snapshot's name, the token of a write, or a moment (RFC 3339);
///   default the rows as they are now
/// @param consistency `strong` (default): every acknowledged write shows; `eventual`: what is
///   visible already, at most a second behind
/// @param atLeast instead: the token of a write that must show
public record CountRows(
        @Nullable Object filter,
        @Nullable String at,
        @Nullable String consistency,
        @Nullable Long atLeast) {}
