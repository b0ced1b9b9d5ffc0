package dev.quern.function;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/// What to deploy.
///
/// @param runtime what runs it
/// @param artifact the code, stored before
/// @param entry Python `module:function`; Java `package.Class::method`
/// @param mounts absolute, normalised path inside the sandbox to volume
/// @param limits bounds of calls and instances
public record DeploySpec(
        FunctionRuntime runtime,
        ArtifactId artifact,
        String entry,
        Map<String, VolumeMount> mounts,
        FunctionLimits limits) {
    /// Copies the mounts, in path order.
    public DeploySpec {
        mounts = Collections.unmodifiableMap(new TreeMap<>(mounts));
    }
}
