package dev.quern.common.wire;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One ranking of a search: exactly one of `dense` and `bm25`.
///
/// @param dense by nearness of vectors
/// @param bm25 by words
/// @param weight in the fusion of several legs, above 0 and at most 1,000; default 1
public record SearchLeg(@Nullable Dense dense, @Nullable Bm25 bm25, @Nullable Double weight) {
    /// By nearness of vectors.
    ///
    /// @param field a vector field; default `vector`, or the only one
    /// @param text embedded by the field's model when there is no vector
    /// @param vector one finite number per dimension
    /// @param exact by exact scan instead of the graph; default false
    public record Dense(
            @Nullable String field,
            @Nullable String text,
            @Nullable List<Float> vector,
            @Nullable Boolean exact) {}

    /// By words.
    ///
    /// @param text what to search for; plain text
    /// @param fields boost by text field, above 0 and at most 1,000; default every text field, with
    ///   boost 1
    public record Bm25(String text, @Nullable Map<String, Double> fields) {}
}
