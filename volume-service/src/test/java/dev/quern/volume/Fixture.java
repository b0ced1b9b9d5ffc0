package dev.quern.volume;

import dev.quern.common.ByteSize;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkStore;
import dev.quern.storage.Maintenance;
import dev.quern.storage.MemoryChunkStore;
import dev.quern.storage.MemoryMetaLog;
import dev.quern.storage.MetaLog;
import dev.quern.storage.StorageConfig;
import dev.quern.storage.StorageEngine;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// A volume service on a pair of stores, and short ways to use it. The clock moves by a second at
/// each look.
final class Fixture implements AutoCloseable {
    static final SpaceId SPACE = SpaceId.DEFAULT;

    private final Path directory;
    private final boolean durable;
    private final VolumeConfig config;
    private final AtomicLong seconds = new AtomicLong(1_000_000_000);
    private @Nullable StorageEngine engine;
    ChunkStore chunks;
    MetaLog facts;
    VolumeService service;

    Fixture(Path directory, boolean durable, VolumeConfig config) {
        this.directory = directory;
        this.durable = durable;
        this.config = config;
        this.chunks = new MemoryChunkStore();
        this.facts = new MemoryMetaLog(chunks);
        if (durable) {
            openEngine();
        }
        this.service = newService(config);
        register();
    }

    private void register() {
        if (engine != null) {
            engine.roots().register(service.roots());
        }
    }

    /// The durable store's.
    Maintenance maintenance() {
        return Objects.requireNonNull(engine).maintenance();
    }

    static Fixture memory(Path directory) {
        return new Fixture(directory, false, config(directory));
    }

    static Fixture durable(Path directory) {
        return new Fixture(directory, true, config(directory));
    }

    static VolumeConfig config(Path directory) {
        return new VolumeConfig(directory.resolve("views"), ByteSize.ofMebibytes(256));
    }

    /// Another service on the same stores, as another process would have.
    VolumeService newService(VolumeConfig otherConfig) {
        InstantSource clock = () -> Instant.ofEpochSecond(seconds.getAndIncrement());
        return new VolumeService(chunks, facts, clock, new Random(), otherConfig);
    }

    /// Closes and opens everything that outlives a process.
    void reopen() {
        service.close();
        if (engine != null) {
            engine.close();
            openEngine();
        }
        service = newService(config);
        register();
    }

    @SuppressWarnings("MustBeClosedChecker") // closed by close and reopen
    private void openEngine() {
        StorageEngine opened = StorageEngine.open(StorageConfig.in(directory.resolve("data")));
        engine = opened;
        chunks = opened.chunks();
        facts = opened.facts();
    }

    boolean isDurable() {
        return durable;
    }

    MemoryChunkStore memoryChunks() {
        return (MemoryChunkStore) chunks;
    }

    MemoryMetaLog memoryFacts() {
        return (MemoryMetaLog) facts;
    }

    VolumeInfo create(String volume) {
        return service.create(SPACE, volume, false);
    }

    StagedPut put(String volume, String path, String text) {
        return put(volume, path, text.getBytes(StandardCharsets.UTF_8));
    }

    StagedPut put(String volume, String path, byte[] bytes) {
        return service.put(
                SPACE, volume, "s", VolumePath.parse(path), new ByteArrayInputStream(bytes));
    }

    int remove(String volume, String path, boolean recursive) {
        return service.remove(SPACE, volume, "s", VolumePath.parse(path), recursive);
    }

    CommitInfo commit(String volume) {
        return service.commit(SPACE, volume, CommitRequest.of("s", ""));
    }

    CommitId head(String volume) {
        return service.get(SPACE, volume).head();
    }

    /// All files of a commit, one path per line.
    String tree(String volume, CommitId at) {
        StringBuilder lines = new StringBuilder();
        FilePage page =
                service.listFiles(
                        SPACE, volume, at, VolumePath.ROOT, true, Optional.empty(), 10_000);
        page.files().forEach(file -> lines.append(file.path()).append('\n'));
        return lines.toString();
    }

    byte[] read(String volume, CommitId at, String path) {
        try (FileContent content = service.open(SPACE, volume, at, VolumePath.parse(path));
                InputStream in = content.stream(0, content.info().sizeBytes())) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String text(String volume, CommitId at, String path) {
        return new String(read(volume, at, path), StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        service.close();
        if (engine != null) {
            engine.close();
        }
    }
}
