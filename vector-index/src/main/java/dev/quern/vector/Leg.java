package dev.quern.vector;

/// One ranking of a search.
public sealed interface Leg {
    /// By nearness to a vector.
    ///
    /// @param vector one finite number per dimension, not to be modified
    /// @param exact true: every matching row is compared; false: the planner decides between that
    ///   and the graph, which is faster and finds nearly all of the nearest
    /// @param width vertices that a walk of a fused graph considers, at most 65,536: more find more
    ///   and take longer; the limit where that is more; 0 for the planner's choice
    record Dense(float[] vector, boolean exact, int width) implements Leg {
        /// Of the planner's choice of width.
        public Dense(float[] vector, boolean exact) {
            this(vector, exact, 0);
        }
    }

    /// By BM25 over the rows' text, English stemming and stop words.
    ///
    /// @param query plain text, at most 64 KiB; no syntax. At most its first 400 distinct terms
    ///   count
    record Bm25(String query) implements Leg {}
}
