package dev.quern.vector;

import java.util.List;

/// The answer to a search.
///
/// @param hits best first
/// @param plans how each leg was run, in the order of the legs
/// @param rows live rows of the collection at that moment
public record SearchOutcome(List<Hit> hits, List<LegPlan> plans, long rows) {
    /// How a leg was run.
    public enum Strategy {
        /// Every matching vector was compared.
        EXACT,
        /// A graph was walked, in one segment or more.
        GRAPH,
        /// The inverted index was read.
        INVERTED
    }

    /// How a leg was run, and why.
    ///
    /// @param strategy what was done
    /// @param reason in a few words
    /// @param matching rows that pass the filter; all live rows without one; -1 when not counted
    public record LegPlan(Strategy strategy, String reason, long matching) {}
}
