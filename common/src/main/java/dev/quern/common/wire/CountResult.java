package dev.quern.common.wire;

/// Answer to a count.
///
/// @param count rows that match
public record CountResult(long count) {}
