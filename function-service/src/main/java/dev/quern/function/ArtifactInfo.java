package dev.quern.function;

/// Code that was stored.
///
/// @param id names it in a [DeploySpec]
/// @param sizeBytes bytes received
public record ArtifactInfo(ArtifactId id, long sizeBytes) {}
