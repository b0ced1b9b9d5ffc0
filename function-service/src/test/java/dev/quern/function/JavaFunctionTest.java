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
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Java functions in each confinement that works on this machine.
final class JavaFunctionTest {
    private static final String SOURCE =
            """
            package demo;
            import java.nio.file.*;
            import java.util.*;
            public class Demo {
                public record Point(int x, int y) {}
                private int calls;
                public static String greet(String name, int times) {
                    System.out.println("greeting " + name);
                    System.err.println("to stderr");
                    return "hello ".repeat(times) + name;
                }
                public Map<String, Object> count(List<Point> points) {
                    return Map.of("sum", points.stream().mapToInt(p -> p.x() + p.y()).sum(), "calls", ++calls);
                }
                public static byte[] reverse(byte[] b) {
                    byte[] r = b.clone();
                    for (int i = 0; i < b.length; i++) r[i] = b[b.length - 1 - i];
                    return r;
                }
                public static Object fail(String how) throws Exception {
                    switch (how) {
                        case "exit": System.exit(5);
                        case "memory": List<byte[]> l = new ArrayList<>(); while (true) l.add(new byte[1 << 20]);
                        case "loop": while (true) {}
                        case "object": return new Object();
                        case "self": return new Demo().getClass();
                        case "file": return Files.readString(Path.of("%s"));
                        case "net": new java.net.Socket("1.1.1.1", 53); return 1;
                        case "write": Files.writeString(Path.of("/data/x"), "x"); return 1;
                        case "read": return Files.readString(Path.of("/data/a.txt"));
                        case "env": return System.getenv().keySet();
                        default: throw new IllegalStateException("because " + how);
                    }
                }
                public static int twice(int a) { return a; }
                public static int twice(long a) { return 2; }
                static int hidden() { return 1; }
            }
            """;

    @TempDir Path dir;

    static Stream<SandboxMode> modes() {
        return Modes.confined();
    }

    private static DeploySpec spec(ArtifactId jar, String method, FunctionLimits limits) {
        return new DeploySpec(FunctionRuntime.JAVA, jar, "demo.Demo::" + method, Map.of(), limits);
    }

    private void deploy(TestBench bench, ArtifactId jar, String method) {
        bench.service().deploy(SPACE, method, spec(jar, method, limits(20, 256, 1)));
    }

    @ParameterizedTest
    @MethodSource("modes")
    void bindsArgumentsAndResults(SandboxMode mode) {
        try (TestBench bench = new TestBench(dir, mode)) {
            ArtifactId jar = bench.artifact(TestFiles.jar(dir, SOURCE, "-parameters"));
            deploy(bench, jar, "greet");
            CallInfo call = bench.call("greet", "{\"args\":[\"you\", 2]}");
            assertThat(call.failure()).isEmpty();
            assertThat(bench.output(call).asText()).isEqualTo("hello hello you");
            assertThat(call.logs()).isEqualTo("greeting you\nto stderr\n");
            assertThat(call.receipt().orElseThrow().peakMemoryBytes()).isPositive();
            assertThat(bench.value("greet", "{\"args\":[\"a\"],\"kwargs\":{\"times\":1}}").asText())
                    .isEqualTo("hello a");
            CallFailure wrong =
                    bench.call("greet", "{\"args\":[\"a\",\"b\"]}").failure().orElseThrow();
            assertThat(wrong.type()).isEqualTo("java.lang.IllegalArgumentException");
            assertThat(wrong.message()).contains("argument 2 is not a int");
            assertThat(bench.call("greet", "1").failure().orElseThrow().message())
                    .contains("greet takes 2 arguments, got 1");

            deploy(bench, jar, "count");
            String points = "[[{\"x\":1,\"y\":2},{\"x\":3,\"y\":4}]]";
            assertThat(bench.value("count", "{\"args\":" + points + "}").get("sum").asInt())
                    .isEqualTo(10);
            assertThat(bench.value("count", "{\"args\":" + points + "}").get("calls").asInt())
                    .isEqualTo(2);
        }
    }

    @ParameterizedTest
    @MethodSource("modes")
    void failuresAreToldApart(SandboxMode mode) {
        Path secret = dir.resolve("secret");
        TestFiles.write(secret, "s3cret");
        try (TestBench bench = new TestBench(dir, mode)) {
            bench.putFile("docs", "a.txt", "text of a");
            ArtifactId jar = bench.artifact(TestFiles.jar(dir, SOURCE.formatted(secret)));
            bench.service()
                    .deploy(
                            SPACE,
                            "fail",
                            new DeploySpec(
                                    FunctionRuntime.JAVA,
                                    jar,
                                    "demo.Demo::fail",
                                    Map.of("/data", TestBench.mount("docs")),
                                    limits(4, 160, 1)));
            CallFailure thrown = failure(bench, "any");
            assertThat(thrown.type()).isEqualTo("java.lang.IllegalStateException");
            assertThat(thrown.message()).isEqualTo("because any");
            assertThat(thrown.traceback()).contains("at demo.Demo.fail(Demo.java:");
            assertThat(failure(bench, "exit").reason()).isEqualTo(FailureReason.CRASH);
            assertThat(failure(bench, "exit").message()).contains("status 5");
            assertThat(failure(bench, "memory").reason()).isEqualTo(FailureReason.MEMORY);
            assertThat(failure(bench, "loop").reason()).isEqualTo(FailureReason.TIMEOUT);
            assertThat(failure(bench, "object").message()).contains("cannot be sent as JSON");
            assertThat(failure(bench, "file").type()).contains("NoSuchFileException");
            assertThat(failure(bench, "net").message()).contains("unreachable");
            assertThat(failure(bench, "write").message()).contains("Read-only file system");
            assertThat(bench.value("fail", "\"read\"").asText()).isEqualTo("text of a");
            assertThat(bench.value("fail", "\"env\"").toString())
                    .doesNotContain("QUERN_TOKEN", "JAVA_HOME", "MAVEN");
        }
    }

    private static CallFailure failure(TestBench bench, String how) {
        return bench.call("fail", "\"" + how + "\"").failure().orElseThrow();
    }

    @ParameterizedTest
    @MethodSource("modes")
    void takesBytesAndRefusesPickles(SandboxMode mode) {
        try (TestBench bench = new TestBench(dir, mode)) {
            deploy(bench, bench.artifact(TestFiles.jar(dir, SOURCE)), "reverse");
            CallInfo call =
                    bench.service()
                            .call(SPACE, "reverse", new Payload(Payload.BYTES, new byte[] {1, 2}));
            assertThat(call.output().orElseThrow().bytes().orElseThrow()).containsExactly(2, 1);
            assertThatThrownBy(() ->
                            bench.service()
                                    .call(
                                            SPACE,
                                            "reverse",
                                            new Payload(Payload.PICKLE, new byte[] {1})))
                    .isInstanceOfSatisfying(
                            QuernException.class,
                            e -> assertThat(e.kind()).isEqualTo(ErrorKind.INVALID))
                    .hasMessageContaining("is a java function and cannot read");
            assertThatThrownBy(() ->
                            bench.service()
                                    .spawn(
                                            SPACE,
                                            "reverse",
                                            new Payload(Payload.PICKLE, new byte[] {1})))
                    .isInstanceOf(QuernException.class);
            assertThat(bench.call("reverse", "\"AQI=\"").output().orElseThrow().contentType())
                    .isEqualTo(Payload.BYTES);
        }
    }

    @ParameterizedTest
    @MethodSource("modes")
    void whatCannotBeLoadedIsRefusedAtDeploy(SandboxMode mode) {
        try (TestBench bench = new TestBench(dir, mode)) {
            ArtifactId jar = bench.artifact(TestFiles.jar(dir, SOURCE));
            Map<String, String> wrong =
                    Map.of(
                            "demo.Demo::nothing", "has no public method nothing",
                            "demo.Demo::hidden", "has no public method hidden",
                            "demo.Demo::twice", "has 2 public methods twice",
                            "demo.Nobody::greet", "class demo.Nobody is not in the jar");
            wrong.forEach((entry, why) -> {
                DeploySpec spec =
                        new DeploySpec(
                                FunctionRuntime.JAVA, jar, entry, Map.of(), limits(20, 256, 1));
                assertThatThrownBy(() -> bench.service().deploy(SPACE, "f", spec))
                        .isInstanceOfSatisfying(
                                QuernException.class,
                                e -> assertThat(e.kind()).isEqualTo(ErrorKind.INVALID))
                        .hasMessageContaining(why);
            });
            assertThatThrownBy(() ->
                            bench.service()
                                    .deploy(SPACE, "f", spec(jar, "greet", limits(20, 100, 1))))
                    .hasMessageContaining("at least 128.0 MiB");
        }
    }
}
