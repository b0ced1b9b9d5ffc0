package dev.quern.vector;

import java.time.Instant;

/// How much of the exact answers the answers to recent dense searches of a field had.
///
/// @param recall share of the ten nearest that were found, the mean over the queries
/// @param queries that were compared
/// @param at when the last of them was
public record FieldRecall(double recall, int queries, Instant at) {}
