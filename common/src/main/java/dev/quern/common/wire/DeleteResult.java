package dev.quern.common.wire;

/// Answer to a delete.
///
/// @param deleted rows that were there
/// @param token position in the write log
/// @param performance what it cost
public record DeleteResult(int deleted, long token, Performance performance) {}
