package dev.quern.common.wire;

/// Answer to a delete.
///
/// @param deleted rows that were there
/// @param token position in the write log
public record DeleteResult(int deleted, long token) {}
