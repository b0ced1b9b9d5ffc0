package dev.quern.common.wire;

import org.jspecify.annotations.Nullable;

/// A hit's place in the ranking of a leg; without values when the leg did not find it.
///
/// @param rank from 1
/// @param score the leg's own
public record SearchPlace(@Nullable Integer rank, @Nullable Double score) {}
