package dev.quern.cli.demo;

import dev.quern.cli.VolumeUpload;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// What the demo works on.
///
/// @param source a folder, or a single file
/// @param builtIn whether it is Quern's own documentation, whose answers are known
/// @param questions the user's, possibly none
record DemoInput(Path source, boolean builtIn, List<String> questions) {
    /// A question whose answer lies in a known file.
    ///
    /// @param text the question
    /// @param file the file that must be among the hits
    record Known(String text, String file) {}

    private static final List<Known> KNOWN =
            List.of(
                    new Known(
                            "what happens when two writers commit at the same time",
                            "ARCHITECTURE.md"),
                    new Known(
                            "why is there an error kind for a missing token",
                            "decisions/0002-denied.md"),
                    new Known("what is a receipt", "functions.md"));

    List<Known> known() {
        return builtIn && questions.isEmpty() ? KNOWN : List.of();
    }

    VolumeUpload upload() {
        return Files.isDirectory(source)
                ? VolumeUpload.contentOf(source)
                : VolumeUpload.of(List.of(source), "");
    }
}
