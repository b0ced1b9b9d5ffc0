package dev.quern.http;

import dev.quern.common.ByteSize;
import dev.quern.common.QuernException;
import dev.quern.common.wire.DeployFunction;
import dev.quern.common.wire.FunctionBody;
import dev.quern.common.wire.Mount;
import dev.quern.function.ArtifactId;
import dev.quern.function.DeploySpec;
import dev.quern.function.FunctionInfo;
import dev.quern.function.FunctionLimits;
import dev.quern.function.FunctionRuntime;
import dev.quern.function.VolumeMount;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Functions as the wire has them.
final class FunctionWire {
    private FunctionWire() {}

    static DeploySpec spec(DeployFunction body) {
        FunctionLimits defaults = FunctionLimits.DEFAULT;
        Map<String, VolumeMount> mounts = new LinkedHashMap<>();
        if (body.volumes() != null) {
            body.volumes().forEach((path, mount) -> mounts.put(path, mount(mount)));
        }
        Integer maxInstances = body.maxInstances();
        return new DeploySpec(
                FunctionRuntime.parse(body.runtime()),
                new ArtifactId(body.artifact()),
                body.entry(),
                mounts,
                new FunctionLimits(
                        seconds("timeout_seconds", body.timeoutSeconds(), defaults.timeout()),
                        bytes(body.memoryBytes(), defaults.memory()),
                        maxInstances == null ? defaults.maxInstances() : maxInstances,
                        seconds(
                                "scaledown_seconds",
                                body.scaledownSeconds(),
                                defaults.scaledown())));
    }

    private static VolumeMount mount(Mount mount) {
        return new VolumeMount(mount.volume(), Optional.ofNullable(mount.at()));
    }

    private static Duration seconds(String name, @Nullable Double value, Duration whenAbsent) {
        if (value == null) {
            return whenAbsent;
        }
        if (!(value >= 0 && value <= 1e9)) {
            throw QuernException.invalid("'" + name + "' must be 0 or more, got " + value);
        }
        return Duration.ofNanos((long) (value * 1e9));
    }

    private static ByteSize bytes(@Nullable Long value, ByteSize whenAbsent) {
        return value == null ? whenAbsent : new ByteSize(value);
    }

    static FunctionBody function(FunctionInfo info) {
        DeploySpec spec = info.spec();
        FunctionLimits limits = spec.limits();
        Map<String, Mount> volumes = new LinkedHashMap<>();
        spec.mounts()
                .forEach((path, mount) ->
                        volumes.put(path, new Mount(mount.volume(), mount.at().orElse(null))));
        return new FunctionBody(
                info.name(),
                info.version(),
                spec.runtime().wireName(),
                spec.entry(),
                spec.artifact().hex(),
                volumes,
                limits.timeout().toNanos() / 1e9,
                limits.memory().bytes(),
                limits.maxInstances(),
                limits.scaledown().toNanos() / 1e9,
                info.createdAt().toString());
    }
}
