package dev.quern.cli;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Arrow and Parquet files: the Python SDK reads and writes them, with pyarrow. In Java Parquet
/// would take Hadoop's classes, and Arrow flags that this process is not started with; see decision
/// 0006.
final class PythonFiles {
    private PythonFiles() {}

    /// Runs `python3 -m quern collection ARGUMENTS` on this terminal.
    ///
    /// @return its exit status, which means what this command's does
    /// @throws QuernException `INVALID` if there is no python3
    static int run(Terminal terminal, String... arguments) {
        List<String> command = new ArrayList<>(List.of("python3", "-m", "quern", "collection"));
        command.addAll(List.of(arguments));
        if (terminal.json()) {
            command.add("--json");
        }
        ProcessBuilder python = new ProcessBuilder(command).inheritIO();
        Map<String, String> environment = python.environment();
        environment.putAll(terminal.place());
        Path sdk = Path.of(System.getProperty("quern.home", "."), "python");
        environment.merge(
                "PYTHONPATH", sdk.toString(), (given, ours) -> ours + File.pathSeparator + given);
        try {
            return python.start().waitFor();
        } catch (IOException e) {
            throw new QuernException(
                    ErrorKind.INVALID,
                    "Arrow and Parquet files need python3 (3.9 or later) with pyarrow on the PATH:"
                            + " install them (pip install pyarrow), or use --format jsonl",
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new QuernException(ErrorKind.UNAVAILABLE, "interrupted", e);
        }
    }
}
