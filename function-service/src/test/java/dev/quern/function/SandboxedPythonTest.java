package dev.quern.function;

import static dev.quern.function.TestBench.limits;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.quern.common.ByteSize;
import dev.quern.function.sandbox.SandboxMode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What user code can and cannot do, in each confinement that works on this machine.
final class SandboxedPythonTest {
    private static final String EXEC =
            """
            def f(code):
                scope = {}
                exec(code, scope)
                return scope.get("result")
            """;

    @TempDir Path dir;

    static Stream<SandboxMode> modes() {
        return Modes.confined();
    }

    private static String code(String python) {
        return new ObjectMapper()
                .createObjectNode()
                .set("args", new ObjectMapper().createArrayNode().add(python))
                .toString();
    }

    private static CallFailure failure(CallInfo call) {
        assertThat(call.output()).isEmpty();
        return call.failure().orElseThrow();
    }

    @ParameterizedTest
    @MethodSource("modes")
    void seesOnlyWhatItNeeds(SandboxMode mode) throws IOException {
        Path secret = Files.writeString(dir.resolve("secret"), "s3cret");
        try (TestBench bench = new TestBench(dir, mode)) {
            bench.deployPython("f", EXEC, limits(20, 128, 1));
            JsonNode seen =
                    bench.value(
                            "f",
                            code(
                                    """
                                    import os, socket
                                    result = {
                                        "env": dict(os.environ),
                                        "root": sorted(os.listdir("/")),
                                        "uid": os.getuid(),
                                        "secret": os.path.exists("%s"),
                                        "data": os.path.exists("%s"),
                                        "fds": sorted(os.listdir("/proc/self/fd")),
                                        "pids": sorted(p for p in os.listdir("/proc") if p.isdigit()),
                                        "host": socket.gethostname(),
                                        "nets": [n for _, n in socket.if_nameindex()],
                                        "caps": [l for l in open("/proc/self/status") if l[:3] == "Cap"],
                                        "nnp": "NoNewPrivs:\\t1" in open("/proc/self/status").read(),
                                    }
                                    """
                                            .formatted(secret, dir)));
            assertThat(seen.get("env").properties().stream().map(Map.Entry::getKey))
                    .isSubsetOf(
                            "HOME",
                            "TMPDIR",
                            "USER",
                            "LANG",
                            "TZ",
                            "PATH",
                            "PWD",
                            "OLDPWD",
                            "SHLVL",
                            "_",
                            "LC_CTYPE",
                            "QUERN_FUNCTION");
            assertThat(seen.get("secret").asBoolean()).isFalse();
            assertThat(seen.get("data").asBoolean()).isFalse();
            assertThat(seen.get("nets").toString()).isEqualTo("[\"lo\"]");
            assertThat(seen.get("nnp").asBoolean()).isTrue();
            assertThat(seen.get("pids")).hasSizeLessThan(5);
            assertThat(seen.get("fds")).hasSizeLessThan(8);
            seen.get("caps")
                    .forEach(
                            line -> assertThat(line.asText().strip()).endsWith("0000000000000000"));
            if (Processes.isRoot()) {
                assertThat(seen.get("uid").asLong()).isGreaterThanOrEqualTo(2_000_000_000L);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("modes")
    void hasNoNetwork(SandboxMode mode) throws IOException {
        try (TestBench bench = new TestBench(dir, mode);
                ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            bench.deployPython("f", EXEC, limits(20, 128, 1));
            CallInfo call =
                    bench.call(
                            "f",
                            code(
                                    "import socket\nsocket.create_connection(('127.0.0.1', "
                                            + server.getLocalPort()
                                            + "), 2)"));
            assertThat(failure(call).type()).isIn("ConnectionRefusedError", "OSError");
            call =
                    bench.call(
                            "f",
                            code("import socket\nsocket.create_connection(('1.1.1.1', 53), 2)"));
            assertThat(failure(call).message()).contains("unreachable");
        }
    }

    @ParameterizedTest
    @MethodSource("modes")
    void canWriteToTmpOnly(SandboxMode mode) {
        try (TestBench bench = new TestBench(dir, mode)) {
            bench.deployPython("f", EXEC, limits(20, 128, 1));
            for (String path :
                    List.of("/x", "/usr/x", "/etc/x", "/quern/code/app.py", "/quern/x", "/dev/x")) {
                CallInfo call = bench.call("f", code("open('" + path + "', 'w')"));
                assertThat(failure(call).type()).as(path).isIn("OSError", "PermissionError");
            }
            assertThat(
                            bench.value(
                                            "f",
                                            code(
                                                    "open('/tmp/x', 'w').write('ok')\n"
                                                            + "result = open('/tmp/x').read()"))
                                    .asText())
                    .isEqualTo("ok");
        }
    }

    @ParameterizedTest
    @MethodSource("modes")
    void tmpIsBounded(SandboxMode mode) {
        try (TestBench bench = new TestBench(dir, mode)) {
            FunctionConfig c = bench.config();
            FunctionBounds b = c.bounds();
            bench.restart(
                    c.withBounds(
                            new FunctionBounds(
                                    10,
                                    2,
                                    64,
                                    ByteSize.ofMebibytes(4),
                                    b.artifactCacheSize(),
                                    100,
                                    b.drain())));
            bench.deployPython("f", EXEC, limits(20, 128, 1));
            String write = "for i in range(8): open('/tmp/x%d' % i, 'wb').write(b'x' * (1 << 20))";
            assertThat(failure(bench.call("f", code(write))).message()).contains("No space left");
            String big = "open('/dev/shm/x', 'wb').write(b'x' * (5 << 20))";
            assertThat(failure(bench.call("f", code(big))).type()).isEqualTo("OSError");
        }
    }

    @ParameterizedTest
    @MethodSource("modes")
    void seesVolumesReadOnlyAndPinned(SandboxMode mode) {
        try (TestBench bench = new TestBench(dir, mode)) {
            bench.putFile("docs", "a/b.txt", "one");
            bench.deployPython(
                    "f", EXEC, limits(20, 128, 1), Map.of("/data/docs", TestBench.mount("docs")));
            String read = code("result = open('/data/docs/a/b.txt').read()");
            assertThat(bench.value("f", read).asText()).isEqualTo("one");
            for (String write :
                    List.of(
                            "open('/data/docs/new', 'w')",
                            "open('/data/docs/a/b.txt', 'a')",
                            "import os; os.remove('/data/docs/a/b.txt')",
                            "import os; os.chmod('/data/docs/a/b.txt', 0o777)")) {
                CallFailure failure = failure(bench.call("f", code(write)));
                assertThat(failure.type() + failure.message())
                        .containsAnyOf("Read-only file system", "PermissionError");
            }
            bench.putFile("docs", "a/b.txt", "two");
            assertThat(bench.value("f", read).asText()).isEqualTo("one");
            bench.deployPython(
                    "f", EXEC, limits(20, 128, 1), Map.of("/data/docs", TestBench.mount("docs")));
            assertThat(bench.value("f", read).asText()).isEqualTo("two");
        }
    }

    @ParameterizedTest
    @MethodSource("modes")
    void endlessLoopTimesOutAndLeavesNothing(SandboxMode mode) {
        try (TestBench bench = new TestBench(dir, mode)) {
            bench.deployPython("f", EXEC, limits(0.7, 128, 1));
            CallInfo call =
                    bench.call(
                            "f",
                            code(
                                    """
                                    import os, subprocess
                                    print("before", flush=True)
                                    subprocess.Popen(["sleep", "987.65"])
                                    if os.fork() == 0:
                                        os.setsid()
                                        while True: pass
                                    while True: pass
                                    """));
            assertThat(call.status()).isEqualTo(CallStatus.TIMED_OUT);
            assertThat(failure(call).reason()).isEqualTo(FailureReason.TIMEOUT);
            assertThat(failure(call).message()).contains("0.7 s");
            assertThat(call.logs()).isEqualTo("before\n");
            assertThat(call.receipt().orElseThrow().run()).isLessThan(Duration.ofSeconds(5));
            assertThat(bench.value("f", code("result = 1")).asInt()).isEqualTo(1);
            Processes.awaitNone("987.65");
        }
        Processes.awaitNone(dir.toString());
    }

    @ParameterizedTest
    @MethodSource("modes")
    void memoryEaterIsKilledForItsMemory(SandboxMode mode) {
        try (TestBench bench = new TestBench(dir, mode)) {
            bench.deployPython("f", EXEC, limits(30, 96, 1));
            CallInfo call =
                    bench.call(
                            "f",
                            code(
                                    """
                                    eaten = []
                                    while True: eaten.append(bytearray(8 << 20))
                                    """));
            assertThat(failure(call).reason()).isEqualTo(FailureReason.MEMORY);
            assertThat(call.status()).isEqualTo(CallStatus.FAILED);
            assertThat(bench.value("f", code("result = 2")).asInt()).isEqualTo(2);
        }
        Processes.awaitNone(dir.toString());
    }

    @ParameterizedTest
    @MethodSource("modes")
    void memoryEatenByChildrenCounts(SandboxMode mode) {
        try (TestBench bench = new TestBench(dir, mode)) {
            bench.deployPython("f", EXEC, limits(30, 96, 1));
            CallInfo call =
                    bench.call(
                            "f",
                            code(
                                    """
                                    import os, time
                                    for i in range(4):
                                        if os.fork() == 0:
                                            x = bytearray(60 << 20)
                                            time.sleep(2)
                                    pids = [os.wait() for i in range(4)]
                                    raise ValueError("children died: %s" % pids)
                                    """));
            assertThat(failure(call).reason()).isIn(FailureReason.MEMORY, FailureReason.EXCEPTION);
            if (failure(call).reason() == FailureReason.EXCEPTION) {
                assertThat(failure(call).message()).contains("memory limit of 96.0 MiB");
            }
            assertThat(bench.value("f", code("result = 2")).asInt()).isEqualTo(2);
        }
    }

    @ParameterizedTest
    @MethodSource("modes")
    void forkBombIsBounded(SandboxMode mode) {
        try (TestBench bench = new TestBench(dir, mode)) {
            bench.deployPython("f", EXEC, limits(10, 256, 1));
            CallInfo call = bench.call("f", code("import os, time\nwhile True: os.fork()"));
            CallFailure failure = failure(call);
            assertThat(failure.reason())
                    .as(failure.toString())
                    .isIn(FailureReason.EXCEPTION, FailureReason.TIMEOUT, FailureReason.MEMORY);
            if (failure.reason() == FailureReason.EXCEPTION) {
                assertThat(failure.type()).isEqualTo("BlockingIOError");
            }
            assertThat(bench.value("f", code("result = 3")).asInt()).isEqualTo(3);
        }
        Processes.awaitNone(dir.toString());
    }

    @ParameterizedTest
    @MethodSource("modes")
    void deathOfTheProcessIsToldApart(SandboxMode mode) {
        try (TestBench bench = new TestBench(dir, mode)) {
            bench.deployPython("f", EXEC, limits(20, 128, 1));
            Map<String, String> ends =
                    Map.of(
                            "import os; os._exit(7)", "status 7",
                            "import os; os.kill(os.getpid(), 9)", "signal 9 (SIGKILL)",
                            "import ctypes; ctypes.string_at(0)", "signal 11 (SIGSEGV)",
                            "import os; os.abort()", "signal 6 (SIGABRT)");
            List<String> wrong = new ArrayList<>();
            ends.forEach((python, how) -> {
                CallInfo call = bench.call("f", code("print('last words')\n" + python));
                CallFailure failure = failure(call);
                if (failure.reason() != FailureReason.CRASH
                        || !failure.message().contains(how)
                        || !call.logs().contains("last words")) {
                    wrong.add(python + " gave " + failure + " logs " + call.logs());
                }
            });
            assertThat(wrong).isEmpty();
            CallFailure exit = failure(bench.call("f", code("import sys; sys.exit(3)")));
            assertThat(exit.reason()).isEqualTo(FailureReason.EXCEPTION);
            assertThat(exit.message()).isEqualTo("the function called sys.exit(3)");
        }
    }

    @ParameterizedTest
    @MethodSource("modes")
    void cannotTouchOtherSandboxes(SandboxMode mode) {
        try (TestBench bench = new TestBench(dir, mode)) {
            bench.deployPython("a", EXEC, limits(20, 128, 1));
            bench.deployPython("b", EXEC, limits(20, 128, 1));
            bench.value("a", code("open('/tmp/mine', 'w').write('x')\nresult = 1"));
            JsonNode seen =
                    bench.value(
                            "b",
                            code(
                                    """
                                    import os
                                    cmds = []
                                    for p in os.listdir("/proc"):
                                        if p.isdigit():
                                            try: cmds.append(open("/proc/%s/cmdline" % p).read())
                                            except OSError: pass
                                    result = [os.path.exists("/tmp/mine"), len(cmds)]
                                    """));
            assertThat(seen.get(0).asBoolean()).isFalse();
            assertThat(seen.get(1).asInt()).isLessThan(5);
        }
    }
}
