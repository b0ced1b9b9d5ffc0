package dev.quern.common.wire;

import org.jspecify.annotations.Nullable;

/// A volume that a function sees as a directory, read-only.
///
/// @param volume the volume's name
/// @param at a commit to pin; absent: the head of `main` when an instance starts
public record Mount(String volume, @Nullable String at) {}
