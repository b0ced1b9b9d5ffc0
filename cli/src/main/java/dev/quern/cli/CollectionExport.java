package dev.quern.cli;

import dev.quern.client.QuernClient;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `quern collection export`: a collection as a file.
@Command(
        name = "export",
        description =
                "Writes every row of one snapshot, with the schema, as lines of JSON, Arrow or"
                        + " Parquet.",
        mixinStandardHelpOptions = true)
final class CollectionExport implements Callable<Integer> {
    @Mixin private Terminal terminal = new Terminal();

    @Parameters(paramLabel = "COLLECTION")
    private String name = "";

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            description = "jsonl, arrow or parquet; default by the name of --out, else jsonl")
    private @Nullable RowFileFormat format;

    @Option(names = "--out", paramLabel = "FILE", description = "default -, standard output")
    private String out = "-";

    @Option(names = "--base64", description = "jsonl: vectors as base64, a third of the bytes")
    private boolean base64;

    @Option(names = "--at", paramLabel = "WHEN", description = CollectionCommand.AT)
    private @Nullable String at;

    @Override
    public Integer call() {
        RowFileFormat chosen = format == null ? RowFileFormat.of(out) : format;
        return switch (chosen) {
            case JSONL -> exportLines();
            case ARROW, PARQUET -> PythonFiles.run(terminal, arguments(chosen));
        };
    }

    private String[] arguments(RowFileFormat chosen) {
        List<String> arguments =
                new ArrayList<>(
                        List.of("export", name, "--format", chosen.toString(), "--out", out));
        if (at != null) {
            arguments.addAll(List.of("--at", at));
        }
        return arguments.toArray(String[]::new);
    }

    private int exportLines() {
        try (QuernClient client = terminal.connect();
                InputStream lines =
                        client.collections().export(name, base64, Optional.ofNullable(at))) {
            if (out.equals("-")) {
                copy(lines, new FileOutputStream(FileDescriptor.out));
            } else {
                Path file = Path.of(out);
                Path part = Path.of(out + ".part");
                try (OutputStream target = Files.newOutputStream(part)) {
                    copy(lines, target);
                }
                Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
                terminal.print(Map.of("exported", name, "file", out), "exported to " + out);
            }
        } catch (IOException e) {
            throw new QuernException(
                    ErrorKind.UNAVAILABLE,
                    "export of " + name + " broke off: " + e.getMessage(),
                    e);
        }
        return ExitCode.OK.status();
    }

    private static void copy(InputStream lines, OutputStream target) throws IOException {
        lines.transferTo(target);
        target.flush();
    }
}
