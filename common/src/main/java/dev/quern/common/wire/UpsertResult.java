package dev.quern.common.wire;

/// Answer to an upsert.
///
/// @param upserted rows now durable and visible to searches
/// @param token position in the write log, ascending
/// @param performance what it cost
public record UpsertResult(int upserted, long token, Performance performance) {}
