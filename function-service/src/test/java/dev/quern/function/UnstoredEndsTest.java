package dev.quern.function;

import static dev.quern.function.TestBench.SPACE;
import static dev.quern.function.TestBench.json;
import static dev.quern.function.TestBench.limits;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.MemoryChunkStore;
import dev.quern.storage.MemoryMetaLog;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A call whose end cannot be stored: its caller is told, and it is found all the same.
final class UnstoredEndsTest {
    @TempDir Path dir;

    @Test
    void aSpawnedCallIsFoundUntilItsEndIsStored() {
        try (TestBench bench = new TestBench(dir, Modes.any())) {
            bench.deployPython(
                    "f", "import time\ndef f(s):\n time.sleep(s)\n return s", limits(20, 128, 1));
            long before = bench.facts.appliedIndex();
            CallId id = bench.service().spawn(SPACE, "f", json("1")).id();
            while (bench.facts.appliedIndex() < before + 2) { // queued, and its run noted
                LockSupport.parkNanos(1_000_000);
            }
            bench.facts.failNextCommit(full());
            CallInfo end = bench.service().await(SPACE, id, Duration.ofSeconds(30));
            assertThat(end.status()).isEqualTo(CallStatus.SUCCEEDED);
            assertThat(bench.output(end).asDouble()).isEqualTo(1);
            bench.restart(bench.config());
            CallInfo again = bench.service().get(SPACE, id);
            assertThat(again.status()).isEqualTo(CallStatus.SUCCEEDED);
            assertThat(again.receipt().orElseThrow().attempt()).isEqualTo(1);
        }
    }

    @Test
    void whoWaitsForACallIsToldAndFindsItLater() {
        try (TestBench bench = new TestBench(dir, Modes.any())) {
            bench.deployPython("f", "def f(n): return 'x' * n", limits(20, 128, 1));
            bench.call("f", "1");
            bench.chunks.limitCapacity(0);
            QuernException told =
                    catchThrowableOfType(
                            QuernException.class, () -> bench.call("f", Integer.toString(1 << 16)));
            assertThat(told.kind())
                    .as("not one that is sent again")
                    .isEqualTo(ErrorKind.UNAVAILABLE);
            Matcher named =
                    Pattern.compile("call ([0-9a-f]{32}) of function f has ended")
                            .matcher(told.getMessage());
            assertThat(named.find()).as(told.getMessage()).isTrue();
            CallId id = new CallId(named.group(1));
            assertThat(bench.service().get(SPACE, id).status()).isEqualTo(CallStatus.RUNNING);
            bench.chunks.limitCapacity(Long.MAX_VALUE);
            CallInfo end = bench.service().await(SPACE, id, Duration.ofSeconds(30));
            assertThat(end.status()).isEqualTo(CallStatus.SUCCEEDED);
            assertThat(bench.output(end).asText()).hasSize(1 << 16);
        }
    }

    @Test
    void anEndIsGivenUpAfterSomeTriesAndThatIsTold() {
        try (Ends ends = new Ends(new UnstoredEnds.Bounds(3, Duration.ofMillis(1), 2, 10_000))) {
            LiveCall call = ends.call("a");
            ends.chunks.limitCapacity(0);
            assertThat(ends.keep(call, 5_000)).hasMessageContaining("it is tried again");
            assertThatThrownBy(() -> call.done().join())
                    .isInstanceOf(CompletionException.class)
                    .cause()
                    .isInstanceOf(QuernException.class)
                    .hasMessageContaining("its result is lost");
            assertThat(ends.left).containsExactly(call);
            assertThatThrownBy(() -> ends.unstored.requireStored(SPACE, call.id()))
                    .isInstanceOfSatisfying(
                            QuernException.class,
                            e -> assertThat(e.kind()).isEqualTo(ErrorKind.UNAVAILABLE))
                    .hasMessageContaining("could not be stored");
            ends.unstored.requireStored(new SpaceId("other"), call.id());
        }
    }

    @Test
    void keepsNoMoreThanItMayAndTriesOnceMoreAtTheClose() {
        UnstoredEnds.Bounds hourly = new UnstoredEnds.Bounds(3, Duration.ofHours(1), 2, 1_000);
        try (Ends ends = new Ends(hourly)) {
            LiveCall first = ends.call("a");
            LiveCall second = ends.call("b");
            LiveCall third = ends.call("c");
            LiveCall fourth = ends.call("d");
            assertThat(ends.keep(first, 900)).hasMessageContaining("it is tried again");
            assertThat(ends.keep(second, 101)).as("bytes").hasMessageContaining("is lost");
            assertThat(ends.keep(third, 90)).hasMessageContaining("it is tried again");
            assertThat(ends.keep(fourth, 0)).as("calls").hasMessageContaining("is lost");
            assertThat(ends.left).containsExactly(second, fourth);
            ends.unstored.close();
            assertThat(first.done().join().status()).isEqualTo(CallStatus.SUCCEEDED);
            assertThat(third.done()).isCompleted();
            assertThat(ends.store.find(SPACE, first.id(), true)).isPresent();
        }
    }

    private static QuernException full() {
        return QuernException.exhausted("disk is full", 1_000);
    }

    /// Kept ends over fakes, without anything that runs.
    private static final class Ends implements AutoCloseable {
        private final MemoryChunkStore chunks = new MemoryChunkStore();
        private final CallStore store =
                new CallStore(new Blobs(chunks), new MemoryMetaLog(chunks), 10);
        private final ScheduledExecutorService timer =
                Executors.newSingleThreadScheduledExecutor(
                        Thread.ofPlatform().daemon().name("timer").factory());
        private final List<LiveCall> left = new ArrayList<>();
        private final UnstoredEnds unstored;

        Ends(UnstoredEnds.Bounds bounds) {
            unstored = new UnstoredEnds(store, timer, bounds, left::add);
        }

        LiveCall call(String digit) {
            DeploySpec spec =
                    new DeploySpec(
                            FunctionRuntime.PYTHON,
                            new ArtifactId("0".repeat(64)),
                            "app:f",
                            Map.of(),
                            FunctionLimits.DEFAULT);
            FunctionInfo info = new FunctionInfo("f", 1, spec, Instant.EPOCH);
            return new LiveCall(
                    new CallId(digit.repeat(32)),
                    new Deployment(SPACE, info, "0"),
                    Instant.EPOCH,
                    OptionalInt.empty(),
                    Optional.empty(),
                    () -> json("1"));
        }

        QuernException keep(LiveCall call, int logs) {
            CallInfo info =
                    call.info(
                            new Outcome(
                                    CallStatus.SUCCEEDED,
                                    Optional.of(json("12")),
                                    Optional.empty(),
                                    "x".repeat(logs),
                                    Optional.empty(),
                                    false));
            return unstored.keep(call, info, full());
        }

        @Override
        public void close() {
            timer.shutdownNow();
        }
    }
}
