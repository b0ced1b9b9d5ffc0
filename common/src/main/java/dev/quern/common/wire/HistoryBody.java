package dev.quern.common.wire;

import org.jspecify.annotations.Nullable;

/// How far back a collection can be read.
///
/// @param seconds that what was is kept for, as far as the bound on its bytes allows; 0: it is not
/// @param since the oldest moment that can be read, ISO-8601; absent while there is no history
/// @param sinceToken the token of the last write by then; 0 for none
/// @param points checkpoints that are kept for it
/// @param bytes of writes that are kept for it
public record HistoryBody(
        long seconds, @Nullable String since, long sinceToken, int points, long bytes) {}
