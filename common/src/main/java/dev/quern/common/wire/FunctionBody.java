package dev.quern.common.wire;

import java.util.Map;

/// A deployed function.
///
/// @param name unique in its space
/// @param version counts deployments from 1
/// @param runtime `python` or `java`
/// @param entry what is called
/// @param artifact the code
/// @param volumes mounts
/// @param timeoutSeconds per call
/// @param memoryBytes per process
/// @param maxInstances processes at once
/// @param scaledownSeconds idle time before a process is stopped
/// @param createdAt ISO-8601, of this version
public record FunctionBody(
        String name,
        int version,
        String runtime,
        String entry,
        String artifact,
        Map<String, Mount> volumes,
        double timeoutSeconds,
        long memoryBytes,
        int maxInstances,
        double scaledownSeconds,
        String createdAt) {}
