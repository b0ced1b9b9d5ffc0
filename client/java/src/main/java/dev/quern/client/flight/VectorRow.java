package dev.quern.client.flight;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A row of a collection.
///
/// @param id 1 to 512 bytes of UTF-8
/// @param text searched by BM25, null for none
/// @param attributes string, number, boolean or list of strings by name
/// @param vector as many numbers as the collection has dimensions
public record VectorRow(
        String id, @Nullable String text, Map<String, Object> attributes, float[] vector) {}
