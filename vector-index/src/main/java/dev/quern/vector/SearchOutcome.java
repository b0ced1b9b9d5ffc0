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
        /// The one-bit codes of all matching vectors were compared, and the best of them by vector.
        CODES,
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
    /// @param work what it took
    /// @param width of walks; empty where all that matches was compared without a thought of one
    public record LegPlan(
            Strategy strategy, String reason, long matching, Work work, Optional<Width> width) {
        LegPlan(Strategy strategy, String reason, long matching) {
            this(strategy, reason, matching, Work.NONE, Optional.empty());
        }
    }

    /// How wide the walks of a dense leg were to be.
    ///
    /// @param width vertices of a fused graph to consider, or candidates of Lucene's
    /// @param source why so many
    public record Width(int width, WidthSource source) {}

    /// Why a leg's walks are as wide as they are.
    public enum WidthSource {
        /// The search asked for it.
        REQUEST,
        /// It was tuned, or set by hand, for the field.
        TUNED,
        /// Nothing else said, or what was tuned does not count here.
        DEFAULT
    }

    /// What a dense leg took, over all segments; -1 where it was not counted.
    ///
    /// @param estimated rows that were thought to pass the filter before any was read
    /// @param visited vertices of fused graphs
    /// @param coded one-bit codes
    /// @param compared vectors outside of walks
    public record Work(long estimated, long visited, long coded, long compared) {
        static final Work NONE = new Work(-1, -1, -1, -1);
    }
}
