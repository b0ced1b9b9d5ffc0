package dev.quern.cli;

import dev.quern.client.QuernClient;
import dev.quern.common.QuernException;
import dev.quern.common.wire.UpsertResult;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
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

    @Parameters(index = "0", paramLabel = "COLLECTION")
    private String name = "";

    @Parameters(index = "1", paramLabel = "FILE", description = "- for standard input")
    private String file = "";

    @Option(
            names = "--batch",
            defaultValue = "500",
            description = "rows a request; default ${DEFAULT-VALUE}")
    private int batch;

    @Option(
            names = "--mode",
            defaultValue = "upsert",
            description =
                    "upsert, insert (only new ids), update (only ids that are there) or patch (merge;"
                            + " null removes a field); default ${DEFAULT-VALUE}")
    private String mode = "upsert";

    @Option(
            names = "--ttl",
            paramLabel = "SECONDS",
            description = "after which the rows are gone; default never")
    private @Nullable Long ttl;

    @Override
    public Integer call() {
        try (QuernClient client = terminal.connect();
                RowLines lines = RowLines.open(file)) {
            Written written = write(client, lines);
            terminal.print(
                    written,
                    "upserted "
                            + written.upserted()
                            + " rows"
                            + (written.skipped() == 0
                                    ? ""
                                    : ", skipped " + written.skipped() + " by --mode " + mode));
        } catch (IOException e) {
            throw QuernException.invalid("cannot read " + file + ": " + e.getMessage());
        }
        return ExitCode.OK.status();
    }

    /// @param skipped rows that the mode passed over
    private record Written(long upserted, long skipped) {}

    private Written write(QuernClient client, RowLines lines) throws IOException {
        long upserted = 0;
        long skipped = 0;
        try (Progress progress = new Progress(terminal.err(), "upsert")) {
            List<Map<String, Object>> rows = lines.next(batch);
            while (!rows.isEmpty()) {
                UpsertResult result = send(client, rows);
                upserted += result.upserted();
                skipped += Objects.requireNonNullElse(result.skipped(), 0);
                progress.show(lines.readBytes(), lines.totalBytes(), upserted + " rows");
                rows = lines.next(batch);
            }
        }
        return new Written(upserted, skipped);
    }

    private UpsertResult send(QuernClient client, List<Map<String, Object>> rows) {
        return mode.equals("upsert") && ttl == null
                ? client.collections().upsertFields(name, rows)
                : client.collections().writeFields(name, rows, mode, ttl);
    }
}
