package dev.quern.common.wire;

import org.jspecify.annotations.Nullable;

/// A collection.
///
/// @param name unique in its space
/// @param id never reused
/// @param createdAt ISO-8601
/// @param dims dimensions of the vector field
/// @param metric `cosine`, `dot` or `l2`
/// @param model embedding model, null when rows bring their own vectors
/// @param rows live rows
public record CollectionBody(
        String name,
        String id,
        String createdAt,
        int dims,
        String metric,
        @Nullable String model,
        long rows) {}
