package dev.quern.common.wire;

import org.jspecify.annotations.Nullable;

/// A width that was tried.
///
/// @param width vertices of a graph that a search considers
/// @param recall share of the nearest rows that was found, the mean over the queries
/// @param recallAtLeast what the recall of other such queries is at least, with a confidence of 95
///   %: a width is chosen by this
/// @param medianMicros of a query in the index, one at a time
/// @param visited vertices of graphs, the mean over the queries, where they were counted
public record TuneStep(
        int width,
        double recall,
        double recallAtLeast,
        double medianMicros,
        @Nullable Double visited) {}
