package dev.quern.common.wire;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/// `PUT /v1/functions/{function}`.
///
/// @param runtime `python` or `java`
/// @param artifact id from `POST /v1/artifacts`: a `.zip` of Python sources or a `.jar`
/// @param entry Python `module:function`; Java `package.Class::method`
/// @param volumes absolute mount path to volume
/// @param timeoutSeconds per call, 0.1 to 86,400; default 300
/// @param memoryBytes 64 MiB or more; default 512 MiB
/// @param maxInstances processes at once, 1 to 64; default 2
/// @param scaledownSeconds idle time before a process is stopped; default 60
public record DeployFunction(
        String runtime,
        String artifact,
        String entry,
        @Nullable Map<String, Mount> volumes,
        @Nullable Double timeoutSeconds,
        @Nullable Long memoryBytes,
        @Nullable Integer maxInstances,
        @Nullable Double scaledownSeconds) {}
