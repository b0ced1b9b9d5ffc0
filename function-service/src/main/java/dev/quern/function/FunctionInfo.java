package dev.quern.function;

import java.time.Instant;

/// A deployed version of a function.
///
/// @param name unique in its space
/// @param version counts deployments from 1; starts again when a deleted name is deployed again
/// @param spec what was deployed
/// @param createdAt when this version was deployed
public record FunctionInfo(String name, int version, DeploySpec spec, Instant createdAt) {}
