package dev.quern.function;

import dev.quern.common.ByteSize;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.function.CallFormat.Deployed;
import dev.quern.function.CallFormat.Mounted;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Deployments as the values of facts ([CallFormat]).
final class DeploymentFormat {
    private DeploymentFormat() {}

    static byte[] encode(Deployment deployment) {
        FunctionInfo info = deployment.info();
        DeploySpec spec = info.spec();
        Map<String, Mounted> mounts = new TreeMap<>();
        spec.mounts()
                .forEach((path, m) ->
                        mounts.put(path, new Mounted(m.volume(), m.at().orElse(null))));
        return CallFormat.encode(
                new Deployed(
                        info.name(),
                        info.version(),
                        deployment.id(),
                        spec.runtime().wireName(),
                        spec.artifact().hex(),
                        spec.entry(),
                        mounts,
                        spec.limits().timeout().toMillis(),
                        spec.limits().memory().bytes(),
                        spec.limits().maxInstances(),
                        spec.limits().scaledown().toMillis(),
                        info.createdAt().toEpochMilli()));
    }

    /// The deployment in the value of a fact.
    ///
    /// @throws QuernException `CORRUPT`, naming the key, for anything that [#encode] has not made
    static Deployment decode(SpaceId space, byte[] value, String key) {
        Deployed fact = CallFormat.decode(value, Deployed.class, key);
        try {
            FunctionInfo info =
                    new FunctionInfo(
                            fact.name(),
                            fact.version(),
                            spec(fact),
                            Instant.ofEpochMilli(fact.createdAtMillis()));
            return new Deployment(space, info, fact.deployment());
        } catch (QuernException e) {
            throw QuernException.corrupt("fact " + key + " cannot be read: " + e.getMessage());
        }
    }

    private static DeploySpec spec(Deployed fact) {
        Map<String, VolumeMount> mounts = new TreeMap<>();
        fact.mounts()
                .forEach((path, m) ->
                        mounts.put(path, new VolumeMount(m.volume(), Optional.ofNullable(m.at()))));
        FunctionLimits limits =
                new FunctionLimits(
                        Duration.ofMillis(fact.timeoutMillis()),
                        new ByteSize(fact.memoryBytes()),
                        fact.maxInstances(),
                        Duration.ofMillis(fact.scaledownMillis()));
        return new DeploySpec(
                FunctionRuntime.parse(fact.runtime()),
                new ArtifactId(fact.artifact()),
                fact.entry(),
                mounts,
                limits);
    }
}
