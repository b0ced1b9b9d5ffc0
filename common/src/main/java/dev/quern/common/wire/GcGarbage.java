package dev.quern.common.wire;

import org.jspecify.annotations.Nullable;

/// A chunk that nothing leads to.
///
/// @param chunk its SHA-256
/// @param bytes it takes
/// @param condemnedAt ISO-8601, when a run first found so
/// @param reason why it is, or is not, removed
public record GcGarbage(String chunk, long bytes, @Nullable String condemnedAt, String reason) {}
