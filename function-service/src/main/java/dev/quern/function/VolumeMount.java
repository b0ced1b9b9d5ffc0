package dev.quern.function;

import java.util.Optional;

/// A volume that a function sees as a read-only directory.
///
/// @param volume the volume's name
/// @param at a commit to pin; empty: the head of `main` when an instance starts, kept while it
///   lives
public record VolumeMount(String volume, Optional<String> at) {}
