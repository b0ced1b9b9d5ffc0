package dev.quern.common.wire;

/// How much of the exact answers recent dense searches of a field found, compared in idle time.
///
/// @param recall share of the ten nearest that were found, the mean over the queries
/// @param queries that were compared
/// @param at when the last of them was, ISO-8601
public record RecallBody(double recall, int queries, String at) {}
