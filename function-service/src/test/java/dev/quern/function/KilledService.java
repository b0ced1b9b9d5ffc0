package dev.quern.function;

import dev.quern.common.ByteSize;
import dev.quern.common.SpaceId;
import dev.quern.function.sandbox.SandboxMode;
import dev.quern.storage.StorageConfig;
import dev.quern.storage.StorageEngine;
import dev.quern.volume.VolumeConfig;
import dev.quern.volume.VolumeService;
import java.io.ByteArrayInputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;

/// A service on the real stores; as a program, one that another process kills.
final class KilledService implements AutoCloseable {
    final StorageEngine engine;
    final VolumeService volumes;
    final FunctionService service;

    // Closed by close.
    @SuppressWarnings("MustBeClosedChecker")
    KilledService(Path directory, SandboxMode mode) {
        engine = StorageEngine.open(StorageConfig.in(directory.resolve("store")));
        volumes =
                new VolumeService(
                        engine.chunks(),
                        engine.facts(),
                        InstantSource.system(),
                        RandomGenerator.getDefault(),
                        new VolumeConfig(directory.resolve("views"), ByteSize.ofMebibytes(256)));
        service =
                new FunctionService(
                        engine.chunks(),
                        engine.facts(),
                        volumes,
                        InstantSource.system(),
                        RandomGenerator.getDefault(),
                        FunctionConfig.of(
                                        directory.resolve("functions"),
                                        System.getProperty("java.class.path"))
                                .withSandbox(mode)
                                .withBounds(FunctionBounds.defaults().withDrain(Duration.ZERO)));
    }

    /// Deploys a function, runs a call, spawns two, prints their ids and waits to be killed.
    ///
    /// @param arguments directory and sandbox mode
    public static void main(String[] arguments) throws InterruptedException {
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out));
        KilledService killed =
                new KilledService(Path.of(arguments[0]), SandboxMode.valueOf(arguments[1]));
        FunctionService service = killed.service;
        String source = "import time\ndef f(s):\n time.sleep(s)\n return s\n";
        ArtifactId artifact =
                service.putArtifact(
                                SpaceId.DEFAULT,
                                new ByteArrayInputStream(TestBench.zip(Map.of("app.py", source))))
                        .id();
        DeploySpec spec =
                new DeploySpec(
                        FunctionRuntime.PYTHON,
                        artifact,
                        "app:f",
                        Map.of(),
                        TestBench.limits(100, 128, 1));
        service.deploy(SpaceId.DEFAULT, "f", spec);
        out.println(service.call(SpaceId.DEFAULT, "f", TestBench.json("0")).id());
        CallInfo running = service.spawn(SpaceId.DEFAULT, "f", TestBench.json("3"));
        CallInfo queued = service.spawn(SpaceId.DEFAULT, "f", TestBench.json("0.5"));
        while (service.get(SpaceId.DEFAULT, running.id()).status() != CallStatus.RUNNING) {
            LockSupport.parkNanos(1_000_000);
        }
        LockSupport.parkNanos(300_000_000);
        out.println(running.id());
        out.println(queued.id());
        out.flush();
        Thread.currentThread().join();
    }

    @Override
    public void close() {
        service.close();
        volumes.close();
        engine.close();
    }
}
