package dev.quern.common.wire;

/// A snapshot of a collection.
///
/// @param name unique in its collection
/// @param token the last write that it holds; 0 for none
/// @param createdAt ISO-8601
/// @param rows live rows
/// @param bytes of its files; those that the collection or another snapshot has too are stored once
public record SnapshotBody(String name, long token, String createdAt, long rows, long bytes) {}
