package dev.quern.common.wire;

import org.jspecify.annotations.Nullable;

/// How several legs become one ranking.
///
/// @param method `rrf` (default): the sum of `weight / (k + rank)`; or `weighted`: the sum of
///   `weight` times the leg's score scaled to 0 to 1 over its candidates
/// @param k constant of `rrf`, 1 to 10,000; default 60
public record SearchFusion(@Nullable String method, @Nullable Integer k) {}
