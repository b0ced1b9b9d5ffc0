package dev.quern.function;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.SpaceId;
import dev.quern.function.sandbox.SandboxMode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// A real process with the real stores is killed with SIGKILL in the middle of a call.
final class KillTest {
    @TempDir Path dir;

    static Stream<SandboxMode> modes() {
        return Modes.confined();
    }

    @ParameterizedTest
    @MethodSource("modes")
    void acknowledgedCallsSurviveAndNoProcessDoes(SandboxMode mode)
            throws IOException, InterruptedException {
        Process killed =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-Xmx256m",
                                "--enable-native-access=ALL-UNNAMED",
                                "-cp",
                                System.getProperty("java.class.path"),
                                KilledService.class.getName(),
                                dir.toString(),
                                mode.name())
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        CallId done;
        CallId running;
        CallId queued;
        try (BufferedReader out =
                new BufferedReader(
                        new InputStreamReader(killed.getInputStream(), StandardCharsets.UTF_8))) {
            done = nextId(out);
            running = nextId(out);
            queued = nextId(out);
        } finally {
            killed.destroyForcibly();
            killed.waitFor();
        }
        Processes.awaitNone(dir.toString());
        try (KilledService again = new KilledService(dir, mode)) {
            FunctionService service = again.service;
            assertThat(service.get(SpaceId.DEFAULT, done).status()).isEqualTo(CallStatus.SUCCEEDED);
            for (CallId id : List.of(running, queued)) {
                CallInfo end = service.await(SpaceId.DEFAULT, id, Duration.ofSeconds(60));
                assertThat(end.status()).isEqualTo(CallStatus.SUCCEEDED);
                assertThat(end.receipt().orElseThrow().attempt())
                        .isEqualTo(id.equals(running) ? 2 : 1);
            }
        }
        Processes.awaitNone(dir.toString());
    }

    /// Log lines go to the same stream.
    private static CallId nextId(BufferedReader out) throws IOException {
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            if (line.matches("[0-9a-f]{32}")) {
                return new CallId(line);
            }
        }
        throw new IOException("the process ended early");
    }
}
