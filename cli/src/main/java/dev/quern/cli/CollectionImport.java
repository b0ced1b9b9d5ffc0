package dev.quern.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.quern.client.Collections;
import dev.quern.client.QuernClient;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.wire.CreateCollection;
import dev.quern.common.wire.SchemaBody;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `quern collection import`: the rows of a file. Rows are upserted, so that an import which broke
/// off is simply run again.
@Command(
        name = "import",
        description =
                "Writes the rows of a file of lines of JSON, Arrow or Parquet; creates the collection"
                        + " that an exported file describes, or adds what it lacks.",
        mixinStandardHelpOptions = true)
final class CollectionImport implements Callable<Integer> {
    private static final int BATCH_ROWS = 1_000;
    private static final long BATCH_BYTES = 8L << 20;

    @Mixin private Terminal terminal = new Terminal();

    @Parameters(index = "0", paramLabel = "COLLECTION")
    private String name = "";

    @Parameters(
            index = "1",
            paramLabel = "FILE",
            description = "- for lines of JSON on standard input")
    private String file = "";

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            description = "jsonl, arrow or parquet; default by the name of the file")
    private @Nullable RowFileFormat format;

    @Override
    public Integer call() {
        RowFileFormat chosen = format == null ? RowFileFormat.of(file) : format;
        return switch (chosen) {
            case JSONL -> importLines();
            case ARROW, PARQUET ->
                    PythonFiles.run(terminal, "import", name, file, "--format", chosen.toString());
        };
    }

    private int importLines() {
        try (QuernClient client = terminal.connect();
                RowLines lines = RowLines.open(file)) {
            Optional<SchemaBody> head = lines.head();
            if (head.isPresent()) {
                prepare(client.collections(), name, head.get());
            }
            long imported = upsert(client, lines);
            terminal.print(Map.of("imported", imported), "imported " + imported + " rows");
        } catch (IOException e) {
            throw QuernException.invalid("cannot read " + file + ": " + e.getMessage());
        }
        return ExitCode.OK.status();
    }

    /// Creates the collection, or adds the fields that it lacks.
    ///
    /// @throws QuernException `CONFLICT` if it has one with another type
    private static void prepare(Collections collections, String name, SchemaBody schema) {
        try {
            var _ = collections.get(name);
        } catch (QuernException e) {
            if (e.kind() != ErrorKind.NOT_FOUND) {
                throw e;
            }
            var _ = collections.create(new CreateCollection(name, null, null, null, true, schema));
            return;
        }
        var _ =
                collections.addFields(
                        name,
                        new SchemaBody(
                                schema.vectors(),
                                schema.texts(),
                                schema.attributes(),
                                null,
                                schema.id()));
    }

    private long upsert(QuernClient client, RowLines lines) throws IOException {
        long imported = 0;
        try (Progress progress = new Progress(terminal.err(), "import")) {
            List<Map<String, Object>> rows = lines.next(BATCH_ROWS, BATCH_BYTES);
            while (!rows.isEmpty()) {
                imported += client.collections().upsertFields(name, rows).upserted();
                progress.show(lines.readBytes(), lines.totalBytes(), imported + " rows");
                rows = lines.next(BATCH_ROWS, BATCH_BYTES);
            }
        }
        return imported;
    }

    /// Whether a line is the head of an exported file.
    static boolean isHead(JsonNode line) {
        return line.path("schema").isObject() && !line.has("id");
    }
}
