package dev.quern.function;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.quern.common.ByteSize;
import dev.quern.common.SpaceId;
import dev.quern.function.sandbox.SandboxMode;
import dev.quern.storage.MemoryChunkStore;
import dev.quern.storage.MemoryMetaLog;
import dev.quern.volume.CommitRequest;
import dev.quern.volume.VolumeConfig;
import dev.quern.volume.VolumePath;
import dev.quern.volume.VolumeService;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/// A function service on stores in memory, with the real volume service, sandbox and interpreters.
final class TestBench implements AutoCloseable {
    static final SpaceId SPACE = SpaceId.DEFAULT;
    private static final ObjectMapper JSON = new ObjectMapper();

    final MemoryChunkStore chunks = new MemoryChunkStore();
    final MemoryMetaLog facts;
    final VolumeService volumes;
    final Path directory;
    private FunctionConfig config;
    private final List<FunctionService> abandoned = new ArrayList<>();
    private FunctionService service;

    TestBench(Path directory, SandboxMode mode) {
        this.directory = directory;
        facts = new MemoryMetaLog(chunks);
        volumes =
                new VolumeService(
                        chunks,
                        facts,
                        InstantSource.system(),
                        RandomGenerator.getDefault(),
                        new VolumeConfig(directory.resolve("views"), ByteSize.ofMebibytes(256)));
        config =
                FunctionConfig.of(
                                directory.resolve("functions"),
                                System.getProperty("java.class.path"))
                        .withSandbox(mode)
                        .withBounds(FunctionBounds.defaults().withDrain(Duration.ofMillis(300)));
        service = open();
    }

    private FunctionService open() {
        return new FunctionService(
                chunks,
                facts,
                volumes,
                InstantSource.system(),
                RandomGenerator.getDefault(),
                config);
    }

    FunctionService service() {
        return service;
    }

    /// Restarts it with other bounds on waiting calls, instances and remembered calls.
    void restartWithCalls(int queued, int instances, int finished) {
        restart(config.withBounds(config.bounds().withCalls(queued, instances, finished)));
    }

    /// Closes the service and opens it again, perhaps with other settings.
    void restart(FunctionConfig with) {
        service.close();
        config = with;
        service = open();
    }

    /// Opens another service on the same stores and leaves the one before to itself, as a kill
    /// would, but with a work directory of its own.
    void abandon() {
        abandoned.add(service);
        FunctionConfig c = config;
        config =
                new FunctionConfig(
                        directory.resolve("functions" + abandoned.size()),
                        c.sandbox(),
                        c.python(),
                        c.pythonSdk(),
                        c.runnerClassPath(),
                        c.bounds());
        service = open();
    }

    FunctionConfig config() {
        return config;
    }

    ArtifactId artifact(byte[] bytes) {
        return service.putArtifact(SPACE, new ByteArrayInputStream(bytes)).id();
    }

    FunctionInfo deployPython(String name, String source, FunctionLimits limits) {
        return deployPython(name, source, limits, Map.of());
    }

    FunctionInfo deployPython(
            String name, String source, FunctionLimits limits, Map<String, VolumeMount> mounts) {
        ArtifactId artifact = artifact(zip(Map.of("app.py", source)));
        return service.deploy(
                SPACE,
                name,
                new DeploySpec(FunctionRuntime.PYTHON, artifact, "app:f", mounts, limits));
    }

    CallInfo call(String function, String json) {
        return service.call(SPACE, function, json(json));
    }

    JsonNode value(String function, String json) {
        CallInfo call = call(function, json);
        if (call.status() != CallStatus.SUCCEEDED) {
            throw new AssertionError("call " + call);
        }
        return output(call);
    }

    JsonNode output(CallInfo call) {
        try (InputStream in = service.openOutput(SPACE, call.id())) {
            return JSON.readTree(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void putFile(String volume, String path, String text) {
        volumes.create(SPACE, volume, true);
        volumes.put(
                SPACE,
                volume,
                "default",
                VolumePath.parse(path),
                new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
        volumes.commit(SPACE, volume, CommitRequest.of("default", "test"));
    }

    static Payload json(String text) {
        return new Payload(Payload.JSON, text.getBytes(StandardCharsets.UTF_8));
    }

    static FunctionLimits limits(double seconds, long mebibytes, int instances) {
        return new FunctionLimits(
                Duration.ofMillis((long) (seconds * 1000)),
                ByteSize.ofMebibytes(mebibytes),
                instances,
                Duration.ofSeconds(60));
    }

    static VolumeMount mount(String volume) {
        return new VolumeMount(volume, Optional.empty());
    }

    static byte[] zip(Map<String, String> files) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            for (Map.Entry<String, String> file : files.entrySet()) {
                zip.putNextEntry(new ZipEntry(file.getKey()));
                zip.write(file.getValue().getBytes(StandardCharsets.UTF_8));
                zip.closeEntry();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    @Override
    public void close() {
        service.close();
        abandoned.forEach(FunctionService::close);
        volumes.close();
    }
}
