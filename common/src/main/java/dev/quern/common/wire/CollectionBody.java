package dev.quern.common.wire;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// A collection.
///
/// @param name unique in its space
/// @param id never reused
/// @param createdAt ISO-8601
/// @param dims of the vector field `vector`; null when there is none
/// @param metric of the vector field `vector`: `cosine`, `dot` or `l2`; null when there is none
/// @param model of the vector field `vector`; null when rows bring their own vectors
/// @param schema all fields
/// @param rows live rows
/// @param aliases other names that mean it, in order; absent when there are none
public record CollectionBody(
        String name,
        String id,
        String createdAt,
        @Nullable Integer dims,
        @Nullable String metric,
        @Nullable String model,
        SchemaBody schema,
        long rows,
        @Nullable List<String> aliases) {}
