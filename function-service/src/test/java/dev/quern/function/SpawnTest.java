package dev.quern.function;

import static dev.quern.function.TestBench.SPACE;
import static dev.quern.function.TestBench.json;
import static dev.quern.function.TestBench.limits;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Spawned calls survive the service.
final class SpawnTest {
    private static final String SLEEP = "import time\ndef f(s):\n time.sleep(s)\n return s";
    @TempDir Path dir;
    private TestBench bench;

    @BeforeEach
    void open() {
        bench = new TestBench(dir, Modes.any());
    }

    @AfterEach
    void close() {
        bench.close();
    }

    private CallInfo end(CallId id) {
        return bench.service().await(SPACE, id, Duration.ofSeconds(30));
    }

    private void awaitRunning(CallId id) {
        long deadline = System.nanoTime() + 10_000_000_000L;
        while (bench.service().get(SPACE, id).status() != CallStatus.RUNNING) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            LockSupport.parkNanos(1_000_000);
        }
    }

    @Test
    void runsInTheBackground() {
        bench.deployPython("f", SLEEP, limits(20, 128, 2));
        CallInfo queued = bench.service().spawn(SPACE, "f", json("0.1"));
        assertThat(queued.status()).isEqualTo(CallStatus.QUEUED);
        CallInfo early = bench.service().await(SPACE, queued.id(), Duration.ZERO);
        assertThat(early.status().finished()).isFalse();
        CallInfo end = end(queued.id());
        assertThat(end.status()).isEqualTo(CallStatus.SUCCEEDED);
        assertThat(end.receipt().orElseThrow().attempt()).isEqualTo(1);
        assertThat(bench.service().get(SPACE, queued.id()).status())
                .isEqualTo(CallStatus.SUCCEEDED);
        assertThat(bench.output(end).asDouble()).isEqualTo(0.1);
    }

    @Test
    void queuedAndRunningCallsGoOnAfterAnOrderlyStop() {
        bench.deployPython("f", SLEEP, limits(60, 128, 1));
        CallInfo running = bench.service().spawn(SPACE, "f", json("2"));
        List<CallId> waiting = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            waiting.add(bench.service().spawn(SPACE, "f", json("0.0" + i)).id());
        }
        awaitRunning(running.id());
        bench.restart(bench.config());
        CallInfo again = end(running.id());
        assertThat(again.status()).isEqualTo(CallStatus.SUCCEEDED);
        assertThat(again.receipt().orElseThrow().attempt()).isEqualTo(2);
        for (CallId id : waiting) {
            CallInfo end = end(id);
            assertThat(end.status()).isEqualTo(CallStatus.SUCCEEDED);
            assertThat(end.receipt().orElseThrow().attempt()).isEqualTo(1);
        }
    }

    @Test
    void aCallThatTheServiceIsLostInThreeTimesIsGivenUp() {
        bench.deployPython("f", SLEEP, limits(60, 128, 1));
        CallInfo call = bench.service().spawn(SPACE, "f", json("60"));
        for (int i = 0; i < 2; i++) {
            awaitRunning(call.id());
            bench.abandon();
        }
        awaitRunning(call.id());
        bench.abandon();
        CallInfo end = end(call.id());
        assertThat(end.status()).isEqualTo(CallStatus.FAILED);
        assertThat(end.failure().orElseThrow().message()).contains("lost in each of its last 3");
        bench.restart(bench.config());
        assertThat(end(call.id()).status()).isEqualTo(CallStatus.FAILED);
    }

    @Test
    void aLargeInputIsKeptAsAChunk() {
        bench.deployPython("f", "def f(s): return len(s)", limits(20, 256, 1));
        String text = "x".repeat(3 << 20);
        CallInfo call = bench.service().spawn(SPACE, "f", json("\"" + text + "\""));
        bench.restart(bench.config());
        CallInfo end = end(call.id());
        assertThat(bench.output(end).asInt()).isEqualTo(text.length());
        assertThat(end.receipt().orElseThrow().inputBytes()).isEqualTo(text.length() + 2);
    }

    @Test
    void aQueuedCallRunsTheVersionItWasAcceptedFor() {
        bench.deployPython(
                "f", "import time\ndef f(s):\n time.sleep(s)\n return 1", limits(60, 128, 1));
        CallInfo running = bench.service().spawn(SPACE, "f", json("2"));
        CallInfo queued = bench.service().spawn(SPACE, "f", json("0"));
        awaitRunning(running.id());
        bench.deployPython("f", "def f(s): return 2", limits(60, 128, 1));
        bench.restart(bench.config());
        CallInfo end = end(queued.id());
        assertThat(end.version()).isEqualTo(1);
        assertThat(bench.output(end).asInt()).isEqualTo(1);
        assertThat(bench.value("f", "0").asInt()).isEqualTo(2);
    }

    @Test
    void callsOfADeletedFunctionEnd() {
        bench.deployPython("f", SLEEP, limits(60, 128, 1));
        CallInfo running = bench.service().spawn(SPACE, "f", json("50"));
        CallInfo queued = bench.service().spawn(SPACE, "f", json("50"));
        awaitRunning(running.id());
        bench.service().delete(SPACE, "f");
        assertThat(end(queued.id()).status()).isEqualTo(CallStatus.CANCELLED);
        assertThat(end(running.id()).status()).isEqualTo(CallStatus.CANCELLED);
        bench.restart(bench.config());
        assertThat(bench.service().list(SPACE, Optional.empty(), 10)).hasSize(2);
    }
}
