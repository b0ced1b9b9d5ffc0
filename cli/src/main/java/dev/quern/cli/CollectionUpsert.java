package dev.quern.cli;

import dev.quern.client.QuernClient;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `quern collection upsert`: rows of a file.
@Command(
        name = "upsert",
        description =
                "Writes rows from a file of JSON lines: {id, vector, text, year, ..}, fields by their"
                        + " names.",
        mixinStandardHelpOptions = true)
final class CollectionUpsert implements Callable<Integer> {
    @Mixin private Terminal terminal = new Terminal();

    @Parameters(paramLabel = "COLLECTION")
    private String name = "";

    @Parameters(paramLabel = "FILE", description = "- for standard input")
    private String file = "";

    @Option(
            names = "--batch",
            defaultValue = "500",
            description = "rows a request; default ${DEFAULT-VALUE}")
    private int batch;

    @Override
    public Integer call() {
        try (QuernClient client = terminal.connect();
                RowLines lines = RowLines.open(file)) {
            long upserted = upsert(client, lines);
            terminal.print(Map.of("upserted", upserted), "upserted " + upserted + " rows");
        } catch (IOException e) {
            throw QuernException.invalid("cannot read " + file + ": " + e.getMessage());
        }
        return ExitCode.OK.status();
    }

    private long upsert(QuernClient client, RowLines lines) throws IOException {
        long upserted = 0;
        try (Progress progress = new Progress(terminal.err(), "upsert")) {
            List<Map<String, Object>> rows = lines.next(batch);
            while (!rows.isEmpty()) {
                upserted += client.collections().upsertFields(name, rows).upserted();
                progress.show(lines.readBytes(), lines.totalBytes(), upserted + " rows");
                rows = lines.next(batch);
            }
        }
        return upserted;
    }
}
