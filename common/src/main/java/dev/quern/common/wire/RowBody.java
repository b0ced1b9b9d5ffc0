package dev.quern.common.wire;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A row.
///
/// @param id 1 to 512 bytes of UTF-8
/// @param text searched by BM25; embedded when no vector is given and the collection has a model
/// @param vector `dims` finite numbers
/// @param attributes string, number, boolean or list of strings by name
public record RowBody(
        String id,
        @Nullable String text,
        @Nullable List<Float> vector,
        @Nullable Map<String, Object> attributes) {}
