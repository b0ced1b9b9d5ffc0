package dev.quern.vector;

import java.util.List;
import java.util.Optional;

/// The answer to a search.
///
/// @param hits best first
/// @param plans how each leg was run, in the order of the legs
/// @param rows live rows of the collection at that moment
/// @param next for the page after this one; empty at the end of the candidates, and at
///   [SearchCursor#MAX_SEEN]
/// @param partial whether the time was over before everything was looked at
/// @param ids what the collection's ids are
public record SearchOutcome(
        List<Hit> hits,
        List<LegPlan> plans,
        long rows,
        Optional<SearchCursor> next,
        boolean partial,
        IdType ids) {
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
