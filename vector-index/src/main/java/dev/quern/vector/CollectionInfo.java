package dev.quern.vector;

import java.time.Instant;
import java.util.Optional;

/// A collection as it is now.
///
/// @param name unique in its space
/// @param id never reused, 16 hex digits
/// @param createdAt when
/// @param dims dimensions of the vector field
/// @param metric how vectors are compared
/// @param model embedding model, if rows and queries may come as text
/// @param rows live rows
public record CollectionInfo(
        String name,
        String id,
        Instant createdAt,
        int dims,
        Metric metric,
        Optional<String> model,
        long rows) {}
