package dev.quern.common.wire;

import org.jspecify.annotations.Nullable;

/// `POST /v1/storage/gc`: remove chunks that nothing needs.
///
/// @param graceSeconds how long they must have been garbage, 0 to 31,536,000; default the setting
///   `gc-grace`, an hour unless it is set
/// @param dryRun true to change nothing and say what would be done
public record RunGc(@Nullable Double graceSeconds, @Nullable Boolean dryRun) {}
