package dev.quern.function;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.QuernException;
import dev.quern.function.sandbox.Bind;
import dev.quern.function.sandbox.Sandbox;
import dev.quern.function.sandbox.SandboxProcess;
import dev.quern.volume.CommitInfo;
import dev.quern.volume.VolumeService;
import dev.quern.volume.VolumeView;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/// Gathers what an instance needs (code, volumes, sandbox) and starts its runner. Thread-safe.
final class InstanceLauncher {
    private final Sandbox sandbox;
    private final ArtifactCache artifacts;
    private final VolumeService volumes;
    private final Map<FunctionRuntime, RuntimeSetup> runtimes;
    private final FunctionConfig config;
    private final RandomGenerator random;

    InstanceLauncher(
            Sandbox sandbox,
            ArtifactCache artifacts,
            VolumeService volumes,
            Map<FunctionRuntime, RuntimeSetup> runtimes,
            FunctionConfig config,
            RandomGenerator random) {
        this.sandbox = sandbox;
        this.artifacts = artifacts;
        this.volumes = volumes;
        this.runtimes = Map.copyOf(runtimes);
        this.config = config;
        this.random = random;
    }

    /// Fails when no process could be started at all.
    ///
    /// @throws QuernException `UNAVAILABLE`, saying what to install
    void requireSandbox() {
        sandbox.name();
    }

    /// Fails when volumes are to be mounted and there is no view of files to mount them into.
    ///
    /// @throws QuernException `INVALID`
    void requireMountable(DeploySpec spec) {
        if (!sandbox.confines() && !spec.mounts().isEmpty()) {
            throw QuernException.invalid(
                    "volumes cannot be mounted with sandbox=none, remove the mounts at "
                            + spec.mounts().keySet());
        }
    }

    RuntimeSetup runtime(FunctionRuntime runtime) {
        RuntimeSetup setup = runtimes.get(runtime);
        if (setup == null) {
            throw new IllegalStateException("no setup for " + runtime);
        }
        return setup;
    }

    /// Starts a runner; its code is not loaded yet. The calling thread must outlive it.
    @MustBeClosed
    RunnerProcess launch(Deployment deployment) {
        Deque<AutoCloseable> leases = new ArrayDeque<>();
        boolean launched = false;
        try {
            RunnerProcess runner = launch(deployment, leases);
            launched = true;
            return runner;
        } finally {
            if (!launched) {
                Leases.close(leases);
            }
        }
    }

    // The runner owns the process and the leases.
    @SuppressWarnings("MustBeClosedChecker")
    private RunnerProcess launch(Deployment deployment, Deque<AutoCloseable> leases) {
        DeploySpec spec = deployment.info().spec();
        List<Bind> mounts = mount(deployment, leases);
        ArtifactCache.Lease code =
                artifacts.lease(deployment.space(), spec.artifact(), spec.runtime());
        leases.addLast(code);
        RuntimeSetup.Launch launch =
                runtime(spec.runtime()).launch(deployment, code.path(), mounts, sandbox.confines());
        SandboxProcess process = sandbox.start(launch.command());
        RunnerProcess.Setting setting =
                new RunnerProcess.Setting(
                        sandbox.name(), spec.limits(), config.bounds().maxProcesses());
        return new RunnerProcess(process, setting, launch.load(), leases, random);
    }

    // Closed with the leases.
    @SuppressWarnings("MustBeClosedChecker")
    private List<Bind> mount(Deployment deployment, Deque<AutoCloseable> leases) {
        requireMountable(deployment.info().spec());
        List<Bind> mounts = new ArrayList<>();
        for (Map.Entry<String, VolumeMount> entry : deployment.info().spec().mounts().entrySet()) {
            VolumeMount mount = entry.getValue();
            CommitInfo commit = volumes.resolve(deployment.space(), mount.volume(), mount.at());
            VolumeView view = volumes.materialise(deployment.space(), mount.volume(), commit.id());
            leases.addLast(view);
            mounts.add(new Bind(view.path(), entry.getKey()));
        }
        return mounts;
    }
}
