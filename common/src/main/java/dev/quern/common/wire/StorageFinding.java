package dev.quern.common.wire;

/// A chunk that is damaged or missing, and one thing that needs it.
///
/// @param space the space that it is in
/// @param chunk its SHA-256
/// @param problem what is wrong, with the pack and the offset
/// @param use what needs it; empty if nothing does
public record StorageFinding(String space, String chunk, String problem, String use) {}
