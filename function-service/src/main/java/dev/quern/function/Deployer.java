package dev.quern.function;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.volume.VolumeService;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;

/// Checks a deployment, tries its code in the sandbox, and publishes it. Thread-safe.
final class Deployer {
    private static final int TRIALS_AT_ONCE = 2;

    private final FunctionCatalog catalog;
    private final ArtifactCache artifacts;
    private final VolumeService volumes;
    private final InstanceLauncher launcher;
    private final Semaphore trials = new Semaphore(TRIALS_AT_ONCE, true);

    Deployer(
            FunctionCatalog catalog,
            ArtifactCache artifacts,
            VolumeService volumes,
            InstanceLauncher launcher) {
        this.catalog = catalog;
        this.artifacts = artifacts;
        this.volumes = volumes;
        this.launcher = launcher;
    }

    Deployment deploy(SpaceId space, String name, DeploySpec spec) {
        launcher.requireSandbox();
        launcher.requireMountable(spec);
        DeployRules.check(spec, launcher.runtime(spec.runtime()).binds());
        spec.mounts().values().forEach(m -> volumes.resolve(space, m.volume(), m.at()));
        Deployment draft = catalog.draft(space, name, spec);
        try (ArtifactCache.Lease readable =
                artifacts.lease(space, spec.artifact(), spec.runtime())) {
            readable.path();
            Optional<StartFailure> failure = trial(draft);
            if (failure.isPresent()) {
                throw StartFailures.toException(failure.get());
            }
        }
        catalog.publish(draft);
        return draft;
    }

    private Optional<StartFailure> trial(Deployment draft) {
        CompletableFuture<Optional<StartFailure>> result = new CompletableFuture<>();
        try (ScheduledExecutorService timer =
                Executors.newSingleThreadScheduledExecutor(
                        Thread.ofPlatform().daemon().name("quern-deploy-timer").factory())) {
            trials.acquire();
            try {
                new Instance(new InstanceId(0), draft, launcher, timer, new Trial(result)).start();
                return result.get();
            } finally {
                trials.release();
                timer.shutdownNow();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new QuernException(ErrorKind.UNAVAILABLE, "deployment was interrupted", e);
        } catch (ExecutionException e) {
            throw QuernException.internal("trial of the deployment failed", e.getCause());
        }
    }

    /// Stops an instance as soon as its code is loaded.
    private record Trial(CompletableFuture<Optional<StartFailure>> result)
            implements Instance.Owner {
        @Override
        public void started(Instance instance) {
            instance.stop();
        }

        @Override
        public void ended(Instance instance, LiveCall call, Outcome outcome, boolean reusable) {
            throw new IllegalStateException("a trial runs no calls");
        }

        @Override
        public void gone(Instance instance) {
            result.complete(instance.failure());
        }
    }
}
