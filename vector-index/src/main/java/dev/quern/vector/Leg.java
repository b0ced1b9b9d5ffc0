package dev.quern.vector;

/// One ranking of a search.
public sealed interface Leg {
    /// By nearness to a vector.
    ///
    /// @param vector one finite number per dimension, not to be modified
    /// @param exact true: every matching row is compared; false: the planner decides between that
    ///   and the graph, which is faster and finds nearly all of the nearest
    record Dense(float[] vector, boolean exact) implements Leg {}

    /// By BM25 over the rows' text, English stemming and stop words.
    ///
    /// @param query plain text, at most 64 KiB; no syntax. At most its first 400 distinct terms
    ///   count
    record Bm25(String query) implements Leg {}
}
