package dev.quern.cli.demo;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `quern demo`: exits 0 only if every step was verified.
@Command(
        name = "demo",
        description = {
            "Runs the whole path on a folder of text: files, embeddings, search, functions, Flight,",
            "and a server that is killed and started again. Every step is verified."
        },
        mixinStandardHelpOptions = true)
public final class DemoCommand implements Callable<Integer> {
    @Spec private CommandSpec spec = CommandSpec.create();

    @Parameters(
            arity = "0..1",
            paramLabel = "PATH",
            description =
                    "folder of text or Markdown files, or a .jsonl file with a \"text\" a line;"
                            + " default: Quern's own documentation")
    private @Nullable Path path;

    @Option(
            names = "--ask",
            paramLabel = "TEXT",
            description = "question to search for; repeatable")
    private @Nullable List<String> questions;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "data directory to use and keep; default: a temporary one")
    private @Nullable Path data;

    @Override
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        Path home = Path.of(System.getProperty("quern.home", "."));
        Path source = path == null ? home.resolve("docs") : path;
        if (!Files.exists(source)) {
            throw QuernException.invalid("no such file or folder: " + source);
        }
        boolean keep = data != null;
        Path directory = data == null ? Files.createTempDirectory("quern-demo") : data;
        if (keep) {
            Files.createDirectories(directory);
        }
        try {
            List<String> asked = questions == null ? List.of() : questions;
            new Demo(out, home, new DemoInput(source, path == null, asked), directory).run();
            out.println();
            byHand(out, keep ? directory.toString() : null);
        } catch (StepFailed e) {
            out.println("FAILED: " + e.getMessage());
            out.flush();
            return 1;
        } finally {
            if (!keep) {
                deleteTree(directory);
            }
        }
        return 0;
    }

    private static void byHand(PrintWriter out, @Nullable String directory) {
        String quern = System.getProperty("quern.launcher", "quern");
        out.println("Every step was verified. To go on by hand:");
        out.println();
        out.println(
                "  " + quern + " serve" + (directory == null ? "" : " --data " + directory) + " &");
        if (directory != null) {
            out.println("  export QUERN_TOKEN=$(cat " + directory + "/admin.token)");
        }
        out.println(
                "  "
                        + quern
                        + " volume create docs --if-not-exists && "
                        + quern
                        + " volume put docs docs/.");
        out.println(
                "  " + quern + " collection create docs --model all-MiniLM-L6-v2 --if-not-exists");
        out.println("  " + quern + " collection sync docs docs");
        out.println("  " + quern + " collection search docs \"how is a commit made\"");
        out.println("  " + quern + " run examples/wordcount.py");
        out.flush();
    }

    private static void deleteTree(Path directory) throws IOException {
        try (Stream<Path> tree = Files.walk(directory)) {
            for (Path file : (Iterable<Path>) tree.sorted(Comparator.reverseOrder())::iterator) {
                makeWritable(file.resolveSibling(""));
                Files.deleteIfExists(file);
            }
        }
    }

    /// Views are read-only directories.
    private static void makeWritable(Path directory) {
        if (!Files.isWritable(directory) && !directory.toFile().setWritable(true)) {
            throw new QuernException(ErrorKind.INTERNAL, "cannot delete from " + directory);
        }
    }
}
