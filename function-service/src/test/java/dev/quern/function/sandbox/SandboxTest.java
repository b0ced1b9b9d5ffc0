package dev.quern.function.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.quern.common.ByteSize;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SandboxTest {
    private static final SandboxBounds BOUNDS =
            new SandboxBounds(ByteSize.ofMebibytes(64), true, 64, ByteSize.ofMebibytes(16));

    @TempDir Path dir;

    @Test
    void whenNothingWorksTheReasonAndTheRemedyAreTold() {
        SandboxProbe probe =
                new SandboxProbe((with, command) -> {
                    throw new QuernException(ErrorKind.UNAVAILABLE, "no such program");
                });
        assertThat(probe.choose(SandboxMode.AUTO, List.of(new Bubblewrap(true)))).isNull();
        assertThat(probe.refusal())
                .contains("install bubblewrap", "sandbox=none", "bwrap: no such program")
                .contains("configured is sandbox=auto");
    }

    @Test
    void unconfinedProcessesAreKilledWithTheirChildren() throws Exception {
        try (Sandbox sandbox = Sandbox.open(SandboxMode.NONE, dir)) {
            assertThat(sandbox.confines()).isFalse();
            SandboxCommand command =
                    new SandboxCommand(
                            List.of("/bin/sh", "-c", "sleep 555.5 & sleep 555.5 & echo on; wait"),
                            Map.of("A", "b"),
                            List.of(),
                            BOUNDS);
            try (SandboxProcess process = sandbox.start(command)) {
                assertThat(new String(process.output().readNBytes(3), StandardCharsets.UTF_8))
                        .isEqualTo("on\n");
                assertThat(process.ending(Duration.ZERO)).isEmpty();
                process.kill();
                assertThat(process.ending(Duration.ofSeconds(5))).contains("signal 9 (SIGKILL)");
            }
        }
        assertThat(ProcessHandle.allProcesses().flatMap(p -> p.info().commandLine().stream()))
                .noneMatch(line -> line.contains("555.5"));
    }

    @Test
    void aSandboxThatCannotStartGivesItsThingsBack() {
        try (Sandbox sandbox = Sandbox.open(SandboxMode.NONE, dir)) {
            SandboxCommand command =
                    new SandboxCommand(List.of("/no/such/program"), Map.of(), List.of(), BOUNDS);
            try (SandboxProcess process = sandbox.start(command)) {
                assertThat(process.ending(Duration.ofSeconds(5))).contains("status 127");
            }
        }
    }

    @Test
    void endingsHaveNames() {
        assertThat(ExitStatus.describe(0)).isEqualTo("status 0");
        assertThat(ExitStatus.describe(128)).isEqualTo("status 128");
        assertThat(ExitStatus.describe(137)).isEqualTo("signal 9 (SIGKILL)");
        assertThat(ExitStatus.describe(128 + 40)).isEqualTo("signal 40");
        assertThat(ExitStatus.describe(255)).isEqualTo("status 255");
    }

    @Test
    void modesThatDoNotWorkAreUnavailable() {
        assumeFalse(
                Path.of("/usr/bin/bwrap").toFile().exists(),
                "only a machine without bubblewrap shows it");
        try (Sandbox sandbox = Sandbox.open(SandboxMode.BWRAP, dir)) {
            assertThatThrownBy(sandbox::name)
                    .isInstanceOfSatisfying(
                            QuernException.class,
                            e -> assertThat(e.kind()).isEqualTo(ErrorKind.UNAVAILABLE));
        }
    }
}
