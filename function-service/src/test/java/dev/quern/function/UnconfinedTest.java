package dev.quern.function;

import static dev.quern.function.TestBench.SPACE;
import static dev.quern.function.TestBench.limits;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.function.sandbox.SandboxMode;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// With sandbox=none, for trusted code: the same calls, without the walls.
final class UnconfinedTest {
    private static final String SOURCE =
            """
            import os, subprocess, time
            def f(what):
                if what == "env": return sorted(os.environ)
                if what == "loop":
                    subprocess.Popen(["sleep", "876.54"])
                    while True: pass
                if what == "eat":
                    eaten = []
                    while True: eaten.append(bytearray(8 << 20))
                return what
            """;

    @TempDir Path dir;

    @Test
    void callsRunAndEndAsInASandbox() {
        try (TestBench bench = new TestBench(dir, SandboxMode.NONE)) {
            bench.deployPython("f", SOURCE, limits(1, 96, 1));
            CallInfo call = bench.call("f", "\"x\"");
            assertThat(bench.output(call).asText()).isEqualTo("x");
            assertThat(call.receipt().orElseThrow().sandbox()).isEqualTo("none");
            assertThat(bench.value("f", "\"env\"").toString()).doesNotContain("JAVA", "QUERN_T");
            assertThat(bench.call("f", "\"loop\"").status()).isEqualTo(CallStatus.TIMED_OUT);
            Processes.awaitNone("876.54");
            assertThat(bench.call("f", "\"eat\"").failure().orElseThrow().reason())
                    .isEqualTo(FailureReason.MEMORY);
            assertThat(bench.value("f", "1").asInt()).isEqualTo(1);
        }
    }

    @Test
    void javaFunctionsRunToo() {
        try (TestBench bench = new TestBench(dir, SandboxMode.NONE)) {
            String source =
                    "package demo; public class Demo { public static int f(int a) { return -a; } }";
            ArtifactId jar = bench.artifact(TestFiles.jar(dir, source));
            bench.service()
                    .deploy(
                            SPACE,
                            "j",
                            new DeploySpec(
                                    FunctionRuntime.JAVA,
                                    jar,
                                    "demo.Demo::f",
                                    Map.of(),
                                    limits(20, 256, 1)));
            assertThat(bench.value("j", "4").asInt()).isEqualTo(-4);
        }
    }

    @Test
    void volumesCannotBeMounted() {
        try (TestBench bench = new TestBench(dir, SandboxMode.NONE)) {
            bench.putFile("docs", "a", "1");
            assertThatThrownBy(() ->
                            bench.deployPython(
                                    "f",
                                    SOURCE,
                                    limits(1, 96, 1),
                                    Map.of("/data", TestBench.mount("docs"))))
                    .isInstanceOfSatisfying(
                            QuernException.class,
                            e -> assertThat(e.kind()).isEqualTo(ErrorKind.INVALID))
                    .hasMessageContaining("sandbox=none");
        }
    }
}
