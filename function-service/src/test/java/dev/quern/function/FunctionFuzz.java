package dev.quern.function;

import static dev.quern.storage.FuzzTarget.require;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.function.CallFormat.Failed;
import dev.quern.function.CallFormat.Finished;
import dev.quern.function.CallFormat.Queued;
import dev.quern.function.CallFormat.Used;
import dev.quern.storage.FuzzSuite;
import dev.quern.storage.FuzzTarget;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The decoders of functions and calls, up to the values that the rest of the module works with;
/// and the messages of runners, which run the code of users.
public final class FunctionFuzz implements FuzzSuite {
    private static final SpaceId SPACE = new SpaceId("s");
    private static final String ID = "0123456789abcdef0123456789abcdef";
    private static final String CHUNK = "ab".repeat(32);
    private static final String WHERE = "fact k";
    private static final Blobs.Blob INLINE = new Blobs.Blob(new byte[] {1, 2}, null);

    @SuppressWarnings("NullAway") // it does not see in a class file that an array may be null
    private static final Blobs.Blob STORED = new Blobs.Blob(null, CHUNK);

    /// Needs nothing.
    public FunctionFuzz() {}

    @Override
    public String module() {
        return "function-service";
    }

    @Override
    public List<FuzzTarget> targets() {
        return List.of(
                new FuzzTarget(
                        "function-deployed",
                        WHERE,
                        FunctionFuzz::deployed,
                        List.of(DeploymentFormat.encode(deployment()))),
                new FuzzTarget("function-queued", WHERE, FunctionFuzz::queued, queuedCalls()),
                new FuzzTarget("function-finished", WHERE, FunctionFuzz::finished, endedCalls()),
                new FuzzTarget(
                        "function-artifact",
                        "fact of artifact",
                        FunctionFuzz::artifact,
                        List.of(
                                ("{\"sizeBytes\":3,\"chunks\":[\"" + CHUNK + "\"]}")
                                        .getBytes(StandardCharsets.UTF_8))),
                new FuzzTarget("function-frame", "", FunctionFuzz::frame, List.of(frame())));
    }

    private static Deployment deployment() {
        DeploySpec spec =
                new DeploySpec(
                        FunctionRuntime.JAVA,
                        new ArtifactId(CHUNK),
                        "a.B::c",
                        Map.of("/data", new VolumeMount("v", Optional.of(CHUNK))),
                        FunctionLimits.DEFAULT);
        return new Deployment(SPACE, new FunctionInfo("f", 3, spec, Instant.EPOCH), "d");
    }

    private static List<byte[]> queuedCalls() {
        String type = "application/json";
        return List.of(
                CallFormat.encode(new Queued(ID, "f", 3, "d", 5, type, INLINE, 2, 1, true)),
                CallFormat.encode(new Queued(ID, "f", 3, "d", 5, type, STORED, 0, 0, false)));
    }

    @SuppressWarnings("NullAway") // it does not see in a class file that a nested type may be null
    private static List<byte[]> endedCalls() {
        Failed failed = new Failed("EXCEPTION", "ValueError", "no", INLINE, STORED);
        Used used = new Used(1, 2, 3, 4, 5, 6, 7, true, 1, "i", "bwrap", "here");
        return List.of(
                CallFormat.encode(
                        new Finished(
                                ID,
                                "f",
                                1,
                                "SUCCEEDED",
                                5,
                                "application/json",
                                2,
                                INLINE,
                                null,
                                STORED,
                                used)),
                CallFormat.encode(
                        new Finished(
                                ID, "f", 1, "FAILED", 5, null, 0, null, failed, INLINE, null)));
    }

    private static byte[] frame() {
        try {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            new Frame(new ObjectMapper().createObjectNode().put("op", "result"), new byte[3])
                    .write(out);
            return out.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void deployed(byte[] bytes) {
        Deployment deployment = DeploymentFormat.decode(SPACE, bytes, "k");
        byte[] encoded = DeploymentFormat.encode(deployment);
        require(
                DeploymentFormat.decode(SPACE, encoded, "k").equals(deployment),
                "another deployment after it was encoded");
    }

    private static void queued(byte[] bytes) {
        Queued call = CallFormat.decode(bytes, Queued.class, "k");
        require(new CallId(call.id()).hex().equals(call.id()), "id of a call");
        CallFormat.decode(CallFormat.encode(call), Queued.class, "k");
    }

    private static void finished(byte[] bytes) {
        Finished call = CallFormat.decode(bytes, Finished.class, "k");
        CallInfo info = ReceiptFormat.toInfo(call, _ -> new byte[0]);
        require(info.status().name().equals(call.status()), "status of a call");
        CallFormat.decode(CallFormat.encode(call), Finished.class, "k");
    }

    private static void artifact(byte[] bytes) {
        ArtifactStore.chunks(bytes, new ArtifactId(CHUNK));
    }

    private static void frame(byte[] bytes) {
        try {
            Frame frame = Frame.read(new ByteArrayInputStream(bytes));
            require(frame.op().length() + frame.body().length < bytes.length, "size of a frame");
        } catch (IOException e) {
            throw QuernException.corrupt("frame: " + e.getMessage());
        }
    }
}
