package dev.quern.function.sandbox;

import dev.quern.common.ByteSize;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/// Runs shell commands in a sandbox as whatever user this program has.
final class UnprivilegedProbe {
    private static final String LOOK =
            """
            echo uid $(id -u)
            grep -h -E '^(CapEff|CapBnd|NoNewPrivs)' /proc/self/status | tr '\\t' ' '
            touch /x /usr/x /etc/x 2>/dev/null && echo root writable
            echo data > /tmp/x && echo tmp $(cat /tmp/x)
            ls -d "$SECRET" 2>/dev/null && echo secret seen
            echo nets $(tail -n +3 /proc/net/dev | wc -l)
            for i in $(seq 200); do sleep 1 & done
            """;

    private static final String FORKS =
            """
            python3 -I -c '
            import os, time
            for i in range(4):
              if os.fork() == 0:
                x = bytearray(40 << 20); time.sleep(9)
            time.sleep(9)'
            """;

    private UnprivilegedProbe() {}

    /// Prints what it finds.
    ///
    /// @param arguments mode, directory, a file that must not be seen
    public static void main(String[] arguments) throws IOException {
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out));
        try (Sandbox sandbox =
                Sandbox.open(SandboxMode.valueOf(arguments[0]), Path.of(arguments[1]))) {
            out.println("sandbox " + sandbox.name());
            SandboxBounds bounds =
                    new SandboxBounds(ByteSize.ofMebibytes(64), true, 40, ByteSize.ofMebibytes(16));
            run(sandbox, bounds, LOOK, arguments[2], out);
            run(
                    sandbox,
                    bounds,
                    "python3 -I -c 'x = [bytearray(8 << 20) for i in range(100)]'",
                    "",
                    out);
            run(sandbox, bounds, FORKS, "", out);
        }
        out.flush();
    }

    private static void run(
            Sandbox sandbox, SandboxBounds bounds, String script, String secret, PrintStream out)
            throws IOException {
        SandboxCommand command =
                new SandboxCommand(
                        List.of("/bin/sh", "-c", script),
                        Map.of("SECRET", secret),
                        List.of(),
                        bounds);
        try (SandboxProcess process = sandbox.start(command)) {
            process.input().close();
            byte[] output = process.output().readAllBytes();
            out.println(new String(output, StandardCharsets.UTF_8).strip());
            byte[] errors = process.errors().readAllBytes();
            out.println(new String(errors, StandardCharsets.UTF_8).strip());
            out.println(
                    "end "
                            + process.ending(Duration.ofSeconds(10)).orElse("none")
                            + " memory "
                            + process.memoryExceeded());
        }
    }
}
