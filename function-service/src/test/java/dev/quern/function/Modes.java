package dev.quern.function;

import dev.quern.common.QuernException;
import dev.quern.function.sandbox.Sandbox;
import dev.quern.function.sandbox.SandboxMode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// The sandbox modes that this machine can run. One that it cannot is left out, and said so.
final class Modes {
    private static final List<SandboxMode> CONFINED = find();

    private Modes() {}

    static Stream<SandboxMode> confined() {
        if (CONFINED.isEmpty()) {
            throw new IllegalStateException("neither bwrap nor unshare works on this machine");
        }
        return CONFINED.stream();
    }

    static SandboxMode any() {
        return confined().findFirst().orElseThrow();
    }

    private static List<SandboxMode> find() {
        List<SandboxMode> found = new ArrayList<>();
        for (SandboxMode mode : List.of(SandboxMode.BWRAP, SandboxMode.UNSHARE)) {
            if (works(mode)) {
                found.add(mode);
            } else {
                System.getLogger("tests")
                        .log(System.Logger.Level.WARNING, "sandbox mode {0} not tested here", mode);
            }
        }
        return found;
    }

    private static boolean works(SandboxMode mode) {
        try {
            Path directory = Files.createTempDirectory("quern-modes");
            try (Sandbox sandbox = Sandbox.open(mode, directory)) {
                sandbox.name();
                return true;
            } catch (QuernException e) {
                return false;
            } finally {
                Archives.deleteTree(directory);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
