package dev.quern.common.wire;

/// Answer to `POST /v1/collections/{collection}/merge`.
///
/// @param merging whether a merge is under way; false when nothing is left to merge
public record MergeResult(boolean merging) {}
