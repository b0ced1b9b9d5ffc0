package dev.quern.bench;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/// Runs programs.
final class Shell {
    private Shell() {}

    /// What a program prints to stdout; its stderr goes to ours.
    ///
    /// @throws QuernException `UNAVAILABLE` if it cannot be started or exits with another status
    ///   than 0
    static String output(Path directory, String... command) {
        try {
            Process process =
                    new ProcessBuilder(command)
                            .directory(directory.toFile())
                            .redirectError(ProcessBuilder.Redirect.INHERIT)
                            .start();
            process.getOutputStream().close();
            String text =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int status = process.waitFor();
            if (status != 0) {
                throw new QuernException(
                        ErrorKind.UNAVAILABLE,
                        String.join(" ", command) + " exited " + status + ": " + text.strip());
            }
            return text;
        } catch (IOException e) {
            throw new QuernException(
                    ErrorKind.UNAVAILABLE, "cannot run " + command[0] + ": " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new QuernException(ErrorKind.UNAVAILABLE, "interrupted", e);
        }
    }
}
