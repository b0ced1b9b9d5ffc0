package dev.quern.vector;

/// A write that is durable and visible to every search that begins from now on.
///
/// @param token position in the log, ascending within a space
/// @param upserted rows written, duplicates within the batch counted once
/// @param deleted rows that were there and that the batch's deletes removed
public record WriteResult(long token, int upserted, int deleted) {}
