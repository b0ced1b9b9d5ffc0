package dev.quern.common.wire;

import org.jspecify.annotations.Nullable;

/// One ranking of a search: exactly one of `dense` and `bm25`.
///
/// @param dense by nearness of vectors
/// @param bm25 by words
/// @param weight in the fusion of several legs, above 0 and at most 1,000; default 1
public record SearchLeg(
        @Nullable SearchDense dense, @Nullable SearchBm25 bm25, @Nullable Double weight) {}
