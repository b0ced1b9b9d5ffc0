package dev.quern.common.wire;

import org.jspecify.annotations.Nullable;

/// How a leg was run.
///
/// @param strategy `exact`, `codes`, `graph` or `inverted`
/// @param reason in a few words
/// @param matching rows that pass the filter, when they were counted
/// @param estimated rows that were thought to pass the filter before any was read
/// @param visited vertices of graphs, when they were counted
/// @param coded one-bit codes that were compared
/// @param compared vectors that were compared outside of graphs
/// @param width of a dense leg: vertices of a graph to consider
/// @param widthFrom why so many: `request`, `tuned` or `default`
public record SearchPlan(
        String strategy,
        String reason,
        @Nullable Long matching,
        @Nullable Long estimated,
        @Nullable Long visited,
        @Nullable Long coded,
        @Nullable Long compared,
        @Nullable Integer width,
        @Nullable String widthFrom) {}
