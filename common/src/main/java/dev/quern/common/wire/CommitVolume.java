package dev.quern.common.wire;

import org.jspecify.annotations.Nullable;

/// `POST /v1/volumes/{volume}/commit`.
///
/// @param session which staged changes; `default` when absent
/// @param expectedHead the commit that must be head now, else `CONFLICT`; absent: any
/// @param message up to 4,096 characters for the history
public record CommitVolume(
        @Nullable String session, @Nullable String expectedHead, @Nullable String message) {}
