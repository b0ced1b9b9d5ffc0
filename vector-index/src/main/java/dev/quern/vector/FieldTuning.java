package dev.quern.vector;

import java.util.List;
import java.util.Optional;

/// What tuning a vector field came to.
///
/// @param outcome how it ended
/// @param chosen the width that reaches the target, or comes nearest; empty where none was found
/// @param kept whether searches of the field that say no width take it from now on
/// @param steps the widths that were tried, narrowest first
/// @param rows of the collection
/// @param live queries that were sampled from recent searches
/// @param stored queries that are vectors of stored rows, each left out of its own answers
public record FieldTuning(
        Outcome outcome,
        Optional<TunedWidth> chosen,
        boolean kept,
        List<Step> steps,
        long rows,
        int live,
        int stored) {
    /// Copies the list.
    public FieldTuning {
        steps = List.copyOf(steps);
    }

    /// How tuning a field ended.
    public enum Outcome {
        /// A width reaches the target.
        REACHED,
        /// None does; the widest that was allowed is chosen.
        UNREACHED,
        /// Searches compare every row, and find all: there is nothing to tune.
        EXACT,
        /// The time was over before a width was found.
        OUT_OF_TIME,
        /// It was ended by [CollectionTuning#cancel].
        CANCELLED
    }

    /// A width that was tried.
    ///
    /// @param width vertices that walks considered
    /// @param recall share of the nearest that was found, the mean over the queries
    /// @param atLeast the recall of other such queries is at least this, with a confidence of 95 %
    /// @param medianMicros of a query, one at a time, on a machine that may have other work
    /// @param visited vertices of graphs, the mean over the queries; -1 where Lucene's serve
    public record Step(
            int width, double recall, double atLeast, double medianMicros, double visited) {}

    /// The same, kept.
    FieldTuning asKept() {
        return new FieldTuning(outcome, chosen, true, steps, rows, live, stored);
    }
}
