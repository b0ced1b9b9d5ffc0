package dev.quern.function;

import static dev.quern.function.TestBench.SPACE;
import static dev.quern.function.TestBench.json;
import static dev.quern.function.TestBench.limits;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.quern.common.ByteSize;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Calls of Python functions, from input to receipt.
final class CallTest {
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

    @Test
    void returnsOutputLogsAndReceipt() {
        bench.deployPython(
                "f",
                """
                import sys
                print("loading")
                def f(x, y=1):
                    print("x is", x)
                    print("err", file=sys.stderr)
                    return {"sum": x + y}
                """,
                limits(20, 128, 1));
        CallInfo call = bench.call("f", "{\"args\": [41]}");
        assertThat(call.status()).isEqualTo(CallStatus.SUCCEEDED);
        assertThat(bench.output(call).get("sum").asInt()).isEqualTo(42);
        assertThat(call.logs()).isEqualTo("loading\nx is 41\nerr\n");
        CallReceipt receipt = call.receipt().orElseThrow();
        assertThat(receipt.coldStart()).isTrue();
        assertThat(receipt.cold()).isPositive();
        assertThat(receipt.run()).isPositive();
        assertThat(receipt.peakMemoryBytes()).isBetween(5L << 20, 128L << 20);
        assertThat(receipt.inputBytes()).isEqualTo(14);
        assertThat(receipt.outputBytes()).isEqualTo(10);
        assertThat(receipt.attempt()).isEqualTo(1);
        assertThat(receipt.placement()).isEqualTo("this node, new instance");

        CallInfo warm = bench.call("f", "{\"kwargs\": {\"x\": 1, \"y\": 2}}");
        assertThat(bench.output(warm).get("sum").asInt()).isEqualTo(3);
        assertThat(warm.logs()).isEqualTo("x is 1\nerr\n");
        assertThat(warm.receipt().orElseThrow().coldStart()).isFalse();
        assertThat(warm.receipt().orElseThrow().cold()).isZero();
        assertThat(warm.receipt().orElseThrow().instance()).isEqualTo(receipt.instance());
        assertThat(warm.receipt().orElseThrow().placement()).isEqualTo("this node, warm instance");
    }

    @Test
    void cpuTimeIsMeasured() {
        bench.deployPython(
                "f",
                """
                import time
                def f():
                    end = time.process_time() + 0.2
                    while time.process_time() < end: pass
                """,
                limits(20, 128, 1));
        CallReceipt receipt = bench.call("f", "").receipt().orElseThrow();
        assertThat(receipt.cpu()).isBetween(Duration.ofMillis(190), Duration.ofSeconds(2));
    }

    @Test
    void exceptionsComeBackWithTypeAndTraceback() {
        bench.deployPython(
                "f",
                """
                class Odd(Exception):
                    def __init__(self, a, b): super().__init__(a)
                    def __str__(self): raise RuntimeError("no")
                def inner(x): raise ValueError("bad " + x)
                def f(x):
                    if x == "odd": raise Odd(1, 2)
                    inner(x)
                """,
                limits(20, 128, 1));
        CallFailure failure = bench.call("f", "\"one\"").failure().orElseThrow();
        assertThat(failure.reason()).isEqualTo(FailureReason.EXCEPTION);
        assertThat(failure.type()).isEqualTo("ValueError");
        assertThat(failure.message()).isEqualTo("bad one");
        assertThat(failure.traceback())
                .contains("line 4, in inner", "line 7, in f")
                .doesNotContain("quern_runner", "/quern/runner.py");
        CallFailure odd = bench.call("f", "\"odd\"").failure().orElseThrow();
        assertThat(odd.type()).isEqualTo("app.Odd");
        assertThat(odd.message()).contains("cannot be read");
    }

    @Test
    void logsKeepTheLast64KiBFromEverySource() {
        bench.deployPython(
                "f",
                """
                import os, subprocess, sys
                def f(n):
                    for i in range(n): print("line %08d" % i)
                    os.write(1, b"raw fd 1\\n")
                    os.write(2, b"raw fd 2\\n")
                    subprocess.run(["echo", "child"])
                    sys.stdout.write("no newline")
                """,
                limits(20, 128, 1));
        String few = bench.call("f", "2").logs();
        assertThat(few)
                .contains("line 00000000\nline 00000001\n")
                .contains("raw fd 1\n", "raw fd 2\n", "child\n")
                .endsWith("no newline");
        String many = bench.call("f", "100000").logs();
        assertThat(many.getBytes(StandardCharsets.UTF_8)).hasSizeLessThanOrEqualTo(65536);
        assertThat(many).contains("line 00099999", "raw fd 1").doesNotContain("line 00000001");
        assertThat(many.length()).isGreaterThan(60_000);
        assertThat(bench.call("f", "0").logs()).startsWith("raw fd 1");
    }

    @Test
    void aMapUsesAllInstancesAndEachRunsOneCallAtATime() {
        bench.deployPython(
                "f",
                """
                import os, threading, time
                busy = threading.Lock()
                def f(i):
                    assert busy.acquire(blocking=False)
                    time.sleep(0.01)
                    busy.release()
                    return [os.getpid(), i]
                """,
                limits(20, 128, 4));
        List<Payload> inputs =
                IntStream.range(0, 100).mapToObj(i -> json(Integer.toString(i))).toList();
        List<CallInfo> done = new ArrayList<>();
        bench.service().map(SPACE, "f", inputs, done::add);
        assertThat(done).hasSize(100).allMatch(c -> c.status() == CallStatus.SUCCEEDED);
        Set<Integer> indexes = new HashSet<>();
        Set<String> instances = new HashSet<>();
        for (CallInfo call : done) {
            int index = call.index().orElseThrow();
            indexes.add(index);
            assertThat(bench.output(call).get(1).asInt()).isEqualTo(index);
            instances.add(call.receipt().orElseThrow().instance());
        }
        assertThat(indexes).hasSize(100);
        assertThat(instances).hasSize(4);
        assertThat(bench.service().instanceCount()).isEqualTo(4);
    }

    @Test
    void aMapWhoseConsumerThrowsIsCancelled() {
        bench.deployPython(
                "f", "import time\ndef f(i): time.sleep(0 if i == 0 else 60)", limits(90, 128, 1));
        List<Payload> inputs =
                IntStream.range(0, 5).mapToObj(i -> json(Integer.toString(i))).toList();
        assertThatThrownBy(() ->
                        bench.service()
                                .map(
                                        SPACE,
                                        "f",
                                        inputs,
                                        c -> {
                                            throw new IllegalStateException("enough");
                                        }))
                .hasMessage("enough");
        assertThat(bench.value("f", "0").isNull()).isTrue();
        assertThat(bench.service().list(SPACE, Optional.of("f"), 100))
                .filteredOn(c -> c.status() == CallStatus.CANCELLED)
                .hasSize(4);
    }

    @Test
    void warmProcessIsReusedAndScaledDown() {
        String source =
                "import os\nn = 0\ndef f():\n global n\n n += 1\n return [n, os.stat('/tmp').st_ino]";
        FunctionLimits quick =
                new FunctionLimits(
                        Duration.ofSeconds(20),
                        ByteSize.ofMebibytes(128),
                        2,
                        Duration.ofMillis(300));
        bench.deployPython("f", source, quick);
        assertThat(bench.value("f", "").get(0).asInt()).isEqualTo(1);
        assertThat(bench.value("f", "").get(0).asInt()).isEqualTo(2);
        awaitInstances(0);
        assertThat(bench.value("f", "").get(0).asInt()).isEqualTo(1);
    }

    private void awaitInstances(int count) {
        long deadline = System.nanoTime() + 10_000_000_000L;
        while (bench.service().instanceCount() != count) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            LockSupport.parkNanos(5_000_000);
        }
    }

    @Test
    void aNewVersionTakesOverAndTheOldOneDrains() {
        bench.deployPython(
                "f", "import time\ndef f(s):\n time.sleep(s)\n return 'old'", limits(20, 128, 2));
        assertThat(bench.value("f", "0").asText()).isEqualTo("old");
        CompletableFuture<CallInfo> slow =
                CompletableFuture.supplyAsync(() -> bench.call("f", "1.5"));
        awaitRunning();
        FunctionInfo second = bench.deployPython("f", "def f(s): return 'new'", limits(20, 128, 2));
        assertThat(second.version()).isEqualTo(2);
        CallInfo call = bench.call("f", "0");
        assertThat(call.version()).isEqualTo(2);
        assertThat(bench.output(call).asText()).isEqualTo("new");
        CallInfo old = slow.join();
        assertThat(old.version()).isEqualTo(1);
        assertThat(bench.output(old).asText()).isEqualTo("old");
        awaitInstances(1);
    }

    private void awaitRunning() {
        long deadline = System.nanoTime() + 10_000_000_000L;
        while (bench.service().list(SPACE, Optional.empty(), 10).stream()
                .noneMatch(c -> c.status() == CallStatus.RUNNING)) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            LockSupport.parkNanos(1_000_000);
        }
    }

    @Test
    void runningAndWaitingCallsCanBeCancelled() {
        bench.deployPython("f", "import time\ndef f(s): time.sleep(s)", limits(60, 128, 1));
        CallInfo running = bench.service().spawn(SPACE, "f", json("50"));
        awaitRunning();
        CallInfo waiting = bench.service().spawn(SPACE, "f", json("50"));
        assertThat(bench.service().get(SPACE, waiting.id()).status()).isEqualTo(CallStatus.QUEUED);
        CallInfo withdrawn = bench.service().cancel(SPACE, waiting.id());
        assertThat(withdrawn.status()).isEqualTo(CallStatus.CANCELLED);
        assertThat(withdrawn.receipt()).isEmpty();
        CallInfo killed = bench.service().cancel(SPACE, running.id());
        assertThat(killed.status()).isEqualTo(CallStatus.CANCELLED);
        assertThat(killed.failure().orElseThrow().reason()).isEqualTo(FailureReason.CANCELLED);
        assertThat(bench.service().cancel(SPACE, running.id()).status())
                .isEqualTo(CallStatus.CANCELLED);
        assertThat(bench.value("f", "0").isNull()).isTrue();
    }

    @Test
    void aFullQueueIsRefused() {
        bench.restartWithCalls(2, 4, 100);
        bench.deployPython("f", "import time\ndef f(s): time.sleep(s)", limits(60, 128, 1));
        bench.service().spawn(SPACE, "f", json("30"));
        awaitRunning();
        bench.service().spawn(SPACE, "f", json("30"));
        bench.service().spawn(SPACE, "f", json("30"));
        assertThatThrownBy(() -> bench.service().spawn(SPACE, "f", json("0")))
                .isInstanceOfSatisfying(
                        QuernException.class,
                        e -> {
                            assertThat(e.kind()).isEqualTo(ErrorKind.EXHAUSTED);
                            assertThat(e.details()).containsKey("retry_after_ms");
                        });
        for (CallInfo call : bench.service().list(SPACE, Optional.of("f"), 10)) {
            bench.service().cancel(SPACE, call.id());
        }
        assertThat(bench.value("f", "0").isNull()).isTrue();
    }

    @Test
    void functionsShareTheTotalOfInstances() {
        bench.restartWithCalls(100, 2, 100);
        for (String name : List.of("a", "b", "c")) {
            bench.deployPython(name, "def f(x): return x", limits(20, 128, 2));
        }
        for (int i = 0; i < 3; i++) {
            for (String name : List.of("a", "b", "c")) {
                assertThat(bench.value(name, "5").asInt()).isEqualTo(5);
                assertThat(bench.service().instanceCount()).isLessThanOrEqualTo(2);
            }
        }
    }

    @Test
    void onlyTheNewestEndsAreRemembered() {
        bench.restartWithCalls(100, 4, 5);
        bench.deployPython("f", "def f(x): return x", limits(20, 128, 1));
        List<CallId> ids = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            ids.add(bench.call("f", Integer.toString(i)).id());
        }
        List<CallInfo> kept = bench.service().list(SPACE, Optional.empty(), 100);
        assertThat(kept.stream().map(CallInfo::id))
                .containsExactlyElementsOf(ids.subList(7, 12).reversed());
        assertThatThrownBy(() -> bench.service().get(SPACE, ids.get(0)))
                .isInstanceOfSatisfying(
                        QuernException.class,
                        e -> assertThat(e.kind()).isEqualTo(ErrorKind.NOT_FOUND));
        bench.restart(bench.config());
        CallId next = bench.call("f", "1").id();
        assertThat(bench.service().list(SPACE, Optional.empty(), 100)).hasSize(5);
        assertThat(bench.service().get(SPACE, next).status()).isEqualTo(CallStatus.SUCCEEDED);
    }

    @Test
    void endsAreDurableWithEverythingInThem() {
        bench.deployPython(
                "f",
                "def f(n):\n print('x' * n)\n assert n < 50000, 'y' * 9000\n return 'z' * n",
                limits(20, 128, 1));
        CallInfo small = bench.call("f", "10");
        CallInfo large = bench.call("f", "40000");
        CallInfo failed = bench.call("f", "60000");
        bench.restart(bench.config());
        assertThat(bench.service().get(SPACE, small.id()).logs()).isEqualTo("x".repeat(10) + "\n");
        assertThat(bench.service().get(SPACE, large.id()).logs()).hasSize(40001);
        assertThat(bench.output(large).asText()).hasSize(40000);
        CallInfo read = bench.service().get(SPACE, failed.id());
        assertThat(read.status()).isEqualTo(CallStatus.FAILED);
        assertThat(read.failure().orElseThrow().type()).isEqualTo("AssertionError");
        assertThat(read.failure().orElseThrow().message()).hasSizeBetween(1900, 2048);
        assertThat(read.failure().orElseThrow().traceback()).contains("in f");
        assertThat(read.receipt()).isEqualTo(failed.receipt());
        assertThatThrownBy(() -> bench.service().openOutput(SPACE, failed.id()).close())
                .hasMessageContaining("has no output, it is failed");
    }

    @Test
    void spacesDoNotSeeEachOther() {
        bench.deployPython("f", "def f(): return 1", limits(20, 128, 1));
        CallInfo call = bench.call("f", "");
        SpaceId other = new SpaceId("other");
        assertThatThrownBy(() -> bench.service().call(other, "f", json("")))
                .hasMessageContaining("function f is not in space other");
        assertThatThrownBy(() -> bench.service().get(other, call.id()))
                .hasMessageContaining("is not in space other");
        assertThat(bench.service().list(other, Optional.empty(), 10)).isEmpty();
        assertThat(bench.service().list(other)).isEmpty();
    }

    @Test
    void deathBetweenCallsIsNoFailureOfTheNext() {
        bench.deployPython(
                "f",
                """
                import os, threading, time
                def f(die):
                    if die: threading.Timer(0.1, lambda: os._exit(9)).start()
                    return os.getpid()
                """,
                limits(20, 128, 1));
        bench.value("f", "true");
        awaitInstances(0);
        JsonNode after = bench.value("f", "false");
        assertThat(after.isInt()).isTrue();
    }

    @Test
    void aDeletedFunctionCancelsItsCalls() {
        bench.deployPython("f", "import time\ndef f(s): time.sleep(s)", limits(60, 128, 1));
        CallInfo running = bench.service().spawn(SPACE, "f", json("50"));
        awaitRunning();
        bench.service().delete(SPACE, "f");
        CallInfo end = bench.service().await(SPACE, running.id(), Duration.ofSeconds(10));
        assertThat(end.status()).isEqualTo(CallStatus.CANCELLED);
        assertThatThrownBy(() -> bench.service().delete(SPACE, "f"))
                .isInstanceOf(QuernException.class);
        awaitInstances(0);
        assertThat(bench.deployPython("f", "def f(): return 1", limits(20, 128, 1)).version())
                .isEqualTo(1);
    }
}
