package dev.quern.common.wire;

import org.jspecify.annotations.Nullable;

/// How a leg was run.
///
/// @param strategy `exact`, `graph` or `inverted`
/// @param reason in a few words
/// @param matching rows that pass the filter, when they were counted
public record SearchPlan(String strategy, String reason, @Nullable Long matching) {}
