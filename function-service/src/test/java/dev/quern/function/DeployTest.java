package dev.quern.function;

import static dev.quern.function.TestBench.SPACE;
import static dev.quern.function.TestBench.limits;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ByteSize;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Deployments that must be refused, with reasons that help.
final class DeployTest {
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

    private AbstractThrowableAssert<?, ?> python(String source) {
        return assertThatThrownBy(() -> bench.deployPython("f", source, limits(20, 128, 1)))
                .isInstanceOfSatisfying(
                        QuernException.class,
                        e -> assertThat(e.kind()).isEqualTo(ErrorKind.INVALID));
    }

    @Test
    void syntaxErrorNamesFileAndLine() {
        python("x = 1\ndef f(:\n  pass\n")
                .hasMessageContaining("app.py:2")
                .hasMessageContaining("SyntaxError")
                .isInstanceOfSatisfying(
                        QuernException.class,
                        e ->
                                assertThat(e.details())
                                        .containsEntry("file", "app.py")
                                        .containsEntry("line", 2)
                                        .containsEntry("type", "SyntaxError"));
        assertThatThrownBy(() -> bench.service().get(SPACE, "f"))
                .hasMessageContaining("function f is not in space");
    }

    @Test
    void failingImportsAreTold() {
        python("import nothing_of_this_name\ndef f(): pass")
                .hasMessageContaining("app.py:1")
                .hasMessageContaining("nothing_of_this_name");
        python("def g(): raise KeyError('k')\ng()\ndef f(): pass")
                .hasMessageContaining("app.py:1")
                .hasMessageContaining("KeyError");
        python("def g(): pass").hasMessageContaining("module app has no 'f'");
        python("f = 3").hasMessageContaining("not callable but int");
        python("import os\nprint('bye', flush=True)\nos._exit(4)")
                .hasMessageContaining("status 4 while the code was loaded")
                .hasMessageContaining("bye");
        python("import sys\nsys.exit(1)").hasMessageContaining("sys.exit(1)");
        python("x = bytearray(1 << 30)\ndef f(): pass").hasMessageContaining("memory");
    }

    @Test
    void modulesInPackagesAndTheSdkAreFound() {
        Path sdk = dir.resolve("sdk");
        Archives.deleteTree(sdk);
        assertThat(sdk.resolve("quern").toFile().mkdirs()).isTrue();
        TestFiles.write(sdk.resolve("quern/__init__.py"), "NAME = 'sdk'\n");
        bench.restart(bench.config().withPythonSdk(sdk));
        ArtifactId artifact =
                bench.artifact(
                        TestBench.zip(
                                Map.of(
                                        "pkg/__init__.py",
                                        "",
                                        "pkg/mod.py",
                                        """
                                        from .other import two
                                        import quern
                                        class C:
                                            @staticmethod
                                            def f(): return [quern.NAME, two]
                                        """,
                                        "pkg/other.py",
                                        "two = 2\n")));
        bench.service()
                .deploy(
                        SPACE,
                        "f",
                        new DeploySpec(
                                FunctionRuntime.PYTHON,
                                artifact,
                                "pkg.mod:C.f",
                                Map.of(),
                                limits(20, 128, 1)));
        assertThat(bench.value("f", "").toString()).isEqualTo("[\"sdk\",2]");
    }

    @Test
    void brokenArchivesAreRefused() {
        byte[] zip = TestBench.zip(Map.of("app.py", "def f(): pass\n".repeat(100)));
        byte[] flipped = zip.clone();
        flipped[60] ^= 0x55;
        byte[][] broken = {
            "no zip".getBytes(StandardCharsets.UTF_8), Arrays.copyOf(zip, zip.length - 10), flipped
        };
        for (byte[] bytes : broken) {
            ArtifactId id = bench.artifact(bytes);
            for (FunctionRuntime runtime : FunctionRuntime.values()) {
                String entry = runtime == FunctionRuntime.PYTHON ? "app:f" : "p.C::m";
                DeploySpec spec = new DeploySpec(runtime, id, entry, Map.of(), limits(20, 128, 1));
                assertThatThrownBy(() -> bench.service().deploy(SPACE, "f", spec))
                        .isInstanceOfSatisfying(
                                QuernException.class,
                                e -> assertThat(e.kind()).isEqualTo(ErrorKind.INVALID))
                        .hasMessageContaining("artifact " + id);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"../app.py", "/etc/app.py", "a/../../b.py"})
    void entriesOutsideOfTheArchiveAreRefused(String name) {
        ArtifactId id = bench.artifact(TestBench.zip(Map.of(name, "x = 1")));
        DeploySpec spec =
                new DeploySpec(FunctionRuntime.PYTHON, id, "app:f", Map.of(), limits(20, 128, 1));
        assertThatThrownBy(() -> bench.service().deploy(SPACE, "f", spec))
                .hasMessageContaining("has an entry outside of it");
    }

    @Test
    void whatIsNotThereIsNamed() {
        DeploySpec spec =
                new DeploySpec(
                        FunctionRuntime.PYTHON,
                        new ArtifactId("ab".repeat(32)),
                        "app:f",
                        Map.of(),
                        limits(20, 128, 1));
        assertThatThrownBy(() -> bench.service().deploy(SPACE, "f", spec))
                .isInstanceOfSatisfying(
                        QuernException.class,
                        e -> assertThat(e.kind()).isEqualTo(ErrorKind.NOT_FOUND))
                .hasMessageContaining("abab");
        assertThatThrownBy(() ->
                        bench.deployPython(
                                "f",
                                "def f(): pass",
                                limits(20, 128, 1),
                                Map.of("/data", TestBench.mount("nowhere"))))
                .isInstanceOfSatisfying(
                        QuernException.class,
                        e -> assertThat(e.kind()).isEqualTo(ErrorKind.NOT_FOUND))
                .hasMessageContaining("nowhere");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "data",
                "/",
                "/a/../b",
                "/a//b",
                "/a/",
                "/usr/share/x",
                "/etc",
                "/tmp/x",
                "/quern",
                "/proc/x",
                "/a\nb"
            })
    void badMountPathsAreRefused(String path) {
        assertThatThrownBy(() ->
                        bench.deployPython(
                                "f",
                                "def f(): pass",
                                limits(20, 128, 1),
                                Map.of(path, TestBench.mount("docs"))))
                .isInstanceOfSatisfying(
                        QuernException.class,
                        e -> assertThat(e.kind()).isEqualTo(ErrorKind.INVALID))
                .hasMessageContaining("mount path");
    }

    @Test
    void nestedMountsAreRefused() {
        assertThatThrownBy(() ->
                        bench.deployPython(
                                "f",
                                "def f(): pass",
                                limits(20, 128, 1),
                                Map.of(
                                        "/data",
                                        TestBench.mount("a"),
                                        "/data/b",
                                        TestBench.mount("b"))))
                .hasMessageContaining("collides with /data");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "app", "app:", ":f", "app::f", "a b:f", "app:f()", "../app:f"})
    void badEntriesAreRefused(String entry) {
        ArtifactId id = bench.artifact(TestBench.zip(Map.of("app.py", "def f(): pass")));
        DeploySpec spec =
                new DeploySpec(FunctionRuntime.PYTHON, id, entry, Map.of(), limits(20, 128, 1));
        assertThatThrownBy(() -> bench.service().deploy(SPACE, "f", spec))
                .hasMessageContaining("entry must look like module:function");
    }

    @Test
    void boundsAreChecked() {
        assertThatThrownBy(() -> limits(0.05, 128, 1)).hasMessageContaining("timeout must be");
        assertThatThrownBy(() -> limits(90_000, 128, 1)).hasMessageContaining("timeout must be");
        assertThatThrownBy(() -> limits(1, 63, 1)).hasMessageContaining("memory must be");
        assertThatThrownBy(() -> limits(1, 128, 0)).hasMessageContaining("max instances");
        assertThatThrownBy(() -> limits(1, 128, 65)).hasMessageContaining("max instances");
        assertThat(FunctionLimits.DEFAULT.memory()).isEqualTo(ByteSize.ofMebibytes(512));
    }

    @Test
    void artifactsAreBoundedAndStreamed() {
        assertThatThrownBy(() ->
                        bench.service().putArtifact(SPACE, new ByteArrayInputStream(new byte[0])))
                .hasMessageContaining("must not be empty");
        InputStream endless =
                new InputStream() {
                    @Override
                    public int read() {
                        return 7;
                    }

                    @Override
                    public int read(byte[] b, int off, int len) {
                        Arrays.fill(b, off, off + len, (byte) 7);
                        return len;
                    }
                };
        assertThatThrownBy(() -> bench.service().putArtifact(SPACE, endless))
                .hasMessageContaining("at most 268435456 bytes");
    }

    @Test
    void versionsCountAndListsAreInOrder() {
        bench.deployPython("b", "def f(): return 1", limits(20, 128, 1));
        bench.deployPython("a", "def f(): return 1", limits(20, 128, 1));
        FunctionInfo second = bench.deployPython("a", "def f(): return 2", limits(30, 128, 3));
        assertThat(second.version()).isEqualTo(2);
        assertThat(bench.service().get(SPACE, "a")).isEqualTo(second);
        assertThat(bench.service().list(SPACE))
                .extracting(FunctionInfo::name)
                .containsExactly("a", "b");
        bench.restart(bench.config());
        assertThat(bench.service().get(SPACE, "a")).isEqualTo(second);
        assertThat(bench.value("a", "").asInt()).isEqualTo(2);
    }

    @Test
    void mountsOfCommitsThatAreNotThereAreRefused() {
        bench.putFile("docs", "x", "1");
        assertThatThrownBy(() ->
                        bench.deployPython(
                                "f",
                                "def f(): pass",
                                limits(20, 128, 1),
                                Map.of(
                                        "/data",
                                        new VolumeMount("docs", Optional.of("0".repeat(64))))))
                .isInstanceOf(QuernException.class);
    }
}
