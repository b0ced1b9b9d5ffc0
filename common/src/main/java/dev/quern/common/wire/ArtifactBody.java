package dev.quern.common.wire;

/// `POST /v1/artifacts`: code to deploy.
///
/// @param id name for `DeployFunction.artifact`
/// @param sizeBytes bytes received
public record ArtifactBody(String id, long sizeBytes) {}
