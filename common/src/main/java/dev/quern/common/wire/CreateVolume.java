package dev.quern.common.wire;

import org.jspecify.annotations.Nullable;

/// `POST /v1/volumes`.
///
/// @param name 1 to 63 characters of `A-Z a-z 0-9 . _ -`
/// @param ifNotExists true: an existing volume is returned instead of `CONFLICT`
public record CreateVolume(String name, @Nullable Boolean ifNotExists) {}
