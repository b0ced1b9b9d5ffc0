package dev.quern.vector;

import java.time.Instant;

/// A collection as it is now.
///
/// @param name unique in its space
/// @param id never reused, 16 hex digits
/// @param createdAt when
/// @param schema its fields
/// @param rows live rows
public record CollectionInfo(
        String name, String id, Instant createdAt, CollectionSchema schema, long rows) {}
