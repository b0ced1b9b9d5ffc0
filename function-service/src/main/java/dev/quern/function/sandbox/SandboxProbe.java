package dev.quern.function.sandbox;

import dev.quern.common.ByteSize;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Tries confinements with a harmless command and keeps the reasons why one did not work.
final class SandboxProbe {
    private static final SandboxCommand HARMLESS =
            new SandboxCommand(
                    List.of("/bin/sh", "-c", "echo works"),
                    Map.of(),
                    List.of(),
                    new SandboxBounds(
                            ByteSize.ofMebibytes(64), false, 64, ByteSize.ofMebibytes(16)));

    private final Starter starter;
    private final List<String> reasons = new ArrayList<>();

    /// Starts a command with one confinement.
    @FunctionalInterface
    interface Starter {
        SandboxProcess start(Confinement with, SandboxCommand command);
    }

    SandboxProbe(Starter starter) {
        this.starter = starter;
    }

    /// The first that works, or null.
    @Nullable Confinement choose(SandboxMode mode, List<Confinement> candidates) {
        for (Confinement candidate : candidates) {
            Optional<String> problem = problem(candidate);
            if (problem.isEmpty()) {
                return candidate;
            }
            reasons.add(candidate.name() + ": " + problem.get());
        }
        reasons.add("configured is sandbox=" + mode.name().toLowerCase(Locale.ROOT));
        return null;
    }

    /// Why calls are refused, when nothing works.
    String refusal() {
        return "functions cannot run because no sandbox works here: install bubblewrap (on Debian"
                + " apt-get install bubblewrap), or let this user make namespaces, or set"
                + " sandbox=none to run trusted code unconfined ("
                + String.join("; ", reasons)
                + ")";
    }

    private Optional<String> problem(Confinement candidate) {
        try (SandboxProcess process = starter.start(candidate, HARMLESS)) {
            Optional<String> ending = process.ending(Duration.ofSeconds(10));
            String output = text(process.output().readNBytes(1024));
            if (output.equals("works")) {
                return Optional.empty();
            }
            String errors = ending.isEmpty() ? "" : text(process.errors().readNBytes(1024));
            return Optional.of(ending.orElse("no answer in 10 s") + " " + errors);
        } catch (IOException | QuernException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8).strip().replace('\n', ' ');
    }
}
