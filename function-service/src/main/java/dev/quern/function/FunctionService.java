package dev.quern.function;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkStore;
import dev.quern.storage.MetaLog;
import dev.quern.volume.VolumeService;
import java.io.InputStream;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/// Functions and calls. Thread-safe.
@SuppressWarnings("DoNotCallSuggester") // bodies follow
public final class FunctionService implements AutoCloseable {
    public FunctionService(
            ChunkStore chunks,
            MetaLog facts,
            VolumeService volumes,
            InstantSource clock,
            RandomGenerator random,
            FunctionConfig config) {}

    public ArtifactInfo putArtifact(SpaceId space, InputStream bytes) {
        throw new UnsupportedOperationException();
    }

    public FunctionInfo deploy(SpaceId space, String name, DeploySpec spec) {
        throw new UnsupportedOperationException();
    }

    public FunctionInfo get(SpaceId space, String name) {
        throw new UnsupportedOperationException();
    }

    public List<FunctionInfo> list(SpaceId space) {
        throw new UnsupportedOperationException();
    }

    public void delete(SpaceId space, String name) {
        throw new UnsupportedOperationException();
    }

    public CallInfo call(SpaceId space, String function, Payload input) {
        throw new UnsupportedOperationException();
    }

    public CallInfo spawn(SpaceId space, String function, Payload input) {
        throw new UnsupportedOperationException();
    }

    public void map(
            SpaceId space, String function, List<Payload> inputs, Consumer<CallInfo> done) {
        throw new UnsupportedOperationException();
    }

    public CallInfo get(SpaceId space, CallId id) {
        throw new UnsupportedOperationException();
    }

    public CallInfo await(SpaceId space, CallId id, Duration timeout) {
        throw new UnsupportedOperationException();
    }

    public List<CallInfo> list(SpaceId space, Optional<String> function, int limit) {
        throw new UnsupportedOperationException();
    }

    public CallInfo cancel(SpaceId space, CallId id) {
        throw new UnsupportedOperationException();
    }

    @MustBeClosed
    public InputStream openOutput(SpaceId space, CallId id) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
