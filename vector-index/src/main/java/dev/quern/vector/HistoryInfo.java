package dev.quern.vector;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/// How far back a collection can be read.
///
/// @param window how long its history is kept at least, as far as the bound on its bytes allows;
///   zero: there is none
/// @param since the oldest moment that can be read; empty while there is no history
/// @param sinceToken the token of the last write by then; 0 for none
/// @param points checkpoints that are kept for it
/// @param bytes of writes that are kept for it, between the first and the last of these
public record HistoryInfo(
        Duration window, Optional<Instant> since, long sinceToken, int points, long bytes) {}
