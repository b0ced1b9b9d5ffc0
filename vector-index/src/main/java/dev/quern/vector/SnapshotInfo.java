package dev.quern.vector;

import java.time.Instant;

/// A snapshot of a collection: its rows and fields at one moment, kept until it is deleted.
///
/// @param name unique in its collection
/// @param token the last write that it holds; 0 for none
/// @param createdAt when
/// @param rows live rows
/// @param bytes of its files; those that the collection or another snapshot has too are stored once
public record SnapshotInfo(String name, long token, Instant createdAt, long rows, long bytes) {}
