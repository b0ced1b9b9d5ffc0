package dev.quern.function;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.ByteSize;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkFate;
import dev.quern.storage.ChunkStore;
import dev.quern.storage.GcReport;
import dev.quern.storage.GcRequest;
import dev.quern.storage.MetaLog;
import dev.quern.storage.RecordedRequires;
import dev.quern.storage.StorageConfig;
import dev.quern.storage.StorageEngine;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FunctionRootsTest {
    private static final SpaceId SPACE = SpaceId.DEFAULT;
    private static final int MAX_FINISHED = 5;

    @TempDir Path directory;
    private final Random random = new Random(7);
    private final CallIds ids = new CallIds(InstantSource.system(), random);
    private final RecordedRequires recorded = new RecordedRequires();
    private StorageEngine engine;
    private ChunkStore chunks;
    private ArtifactStore artifacts;
    private CallStore calls;
    private FunctionRoots roots;

    @BeforeEach
    @SuppressWarnings("MustBeClosedChecker") // closed after each test
    void open() {
        engine = StorageEngine.open(StorageConfig.in(directory));
        chunks = engine.chunks();
        MetaLog facts = recorded.on(engine.facts());
        artifacts = new ArtifactStore(chunks, facts);
        calls = new CallStore(new Blobs(chunks), facts, MAX_FINISHED);
        roots = new FunctionRoots(facts);
        engine.roots().register(roots);
    }

    @AfterEach
    void close() {
        engine.close();
    }

    private GcReport.Space collect() {
        GcRequest now = GcRequest.defaults().withGrace(Duration.ZERO);
        engine.maintenance().gc(now);
        GcReport.Space report = engine.maintenance().gc(now).spaces().getFirst();
        assertThat(report.problem()).isEmpty();
        return report;
    }

    private byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private LiveCall enqueue(byte[] input) {
        DeploySpec spec =
                new DeploySpec(
                        FunctionRuntime.PYTHON,
                        new ArtifactId("0".repeat(64)),
                        "app:f",
                        Map.of(),
                        FunctionLimits.DEFAULT);
        Deployment deployment =
                new Deployment(
                        SPACE, new FunctionInfo("f", 1, spec, Instant.EPOCH), "0123456789abcdef");
        LiveCall.Stored stored = calls.putInput(SPACE, new Payload(Payload.JSON, input));
        LiveCall call =
                new LiveCall(
                        ids.next(),
                        deployment,
                        Instant.EPOCH,
                        OptionalInt.empty(),
                        Optional.of(stored),
                        () -> FunctionService.read(calls, SPACE, stored));
        calls.enqueue(call);
        return call;
    }

    private CallInfo end(LiveCall call, int outputBytes, boolean failed) {
        CallFailure failure =
                new CallFailure(
                        FailureReason.EXCEPTION,
                        "E",
                        "e",
                        "trace".repeat(2000) + outputBytes,
                        Optional.of(bytes(9000)));
        byte[] output = bytes(outputBytes);
        CallInfo info =
                new CallInfo(
                        call.id(),
                        "f",
                        1,
                        failed ? CallStatus.FAILED : CallStatus.SUCCEEDED,
                        Instant.EPOCH,
                        OptionalInt.empty(),
                        failed
                                ? Optional.empty()
                                : Optional.of(
                                        new CallOutput(
                                                Payload.JSON, output.length, Optional.of(output))),
                        failed ? Optional.of(failure) : Optional.empty(),
                        "log line\n".repeat(outputBytes),
                        Optional.empty());
        calls.finish(SPACE, info, true);
        return info;
    }

    @Test
    void everythingIsThereAfterEachCollection() throws IOException {
        byte[] code = bytes(9 << 20);
        ArtifactId artifact = artifacts.put(SPACE, new ByteArrayInputStream(code)).id();
        List<LiveCall> queued = new ArrayList<>();
        List<CallInfo> ended = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            queued.add(enqueue(bytes(i % 3 == 0 ? 100 : 20_000)));
            if (i % 2 == 1) {
                ended.add(end(queued.removeFirst(), 5000 + i, i % 4 == 1));
            }
            if (i % 3 == 2) {
                collect();
            }
        }
        assertThat(RecordedRequires.reported(roots, chunks, SPACE))
                .isSubsetOf(recorded.required())
                .hasSizeGreaterThan(10);
        for (LiveCall call : queued) {
            assertThat(call.input().bytes()).isNotEmpty();
        }
        for (CallInfo call : ended.subList(ended.size() - MAX_FINISHED, ended.size())) {
            CallInfo found = calls.find(SPACE, call.id(), true).orElseThrow();
            assertThat(found.logs()).isEqualTo(call.logs());
            assertThat(found.failure().map(CallFailure::traceback))
                    .isEqualTo(call.failure().map(CallFailure::traceback));
            calls.findOutput(SPACE, call.id())
                    .ifPresent(blob ->
                            assertThat(calls.read(SPACE, blob))
                                    .isEqualTo(call.output().orElseThrow().bytes().orElseThrow()));
        }
        ByteArrayOutputStream copy = new ByteArrayOutputStream();
        artifacts.copy(SPACE, artifact, copy);
        assertThat(copy.toByteArray()).isEqualTo(code);
        assertThat(engine.maintenance().fsck(new ByteSize(0)).isClean()).isTrue();
    }

    @Test
    void aCallThatTookLongIsRememberedWhenItEnds() {
        LiveCall slow = enqueue(bytes(100));
        for (int i = 0; i < MAX_FINISHED + 2; i++) {
            end(enqueue(bytes(100)), 10, false);
        }
        end(slow, 5000, false);
        assertThat(calls.findOutput(SPACE, slow.id())).isPresent();
        end(enqueue(bytes(100)), 10, false);
        assertThat(calls.findOutput(SPACE, slow.id())).isPresent();
        List<CallInfo> remembered = new ArrayList<>();
        calls.forEachFinished(SPACE, remembered::add);
        assertThat(remembered).hasSize(MAX_FINISHED);
    }

    @Test
    void reportsEveryChunkThatATransactionRequired() {
        artifacts.put(SPACE, new ByteArrayInputStream(bytes(5 << 20)));
        enqueue(bytes(10_000));
        CallStore unbounded = new CallStore(new Blobs(chunks), engine.facts(), 100);
        assertThat(unbounded.queued(SPACE)).hasSize(1);
        assertThat(RecordedRequires.reported(roots, chunks, SPACE))
                .containsExactlyInAnyOrderElementsOf(recorded.required());
        end(enqueue(new byte[1]), 6000, true);
        end(enqueue(new byte[1]), 6000, false);
        assertThat(RecordedRequires.reported(roots, chunks, SPACE))
                .containsExactlyInAnyOrderElementsOf(recorded.required());
    }

    @Test
    void saysWhatAChunkIsFor() {
        LiveCall call = enqueue(bytes(10_000));
        ChunkFate fate =
                engine.maintenance().explain(recorded.required().iterator().next()).getFirst();
        assertThat(fate.uses()).containsExactly("function f, call " + call.id() + ", input");
    }
}
