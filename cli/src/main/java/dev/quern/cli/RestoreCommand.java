package dev.quern.cli;

import dev.quern.common.wire.BackupBody;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `quern restore`: makes a data directory out of a backup, without a server.
@Command(
        name = "restore",
        description =
                "Restores a backup to an empty data directory, where no server runs. When it is"
                        + " broken off, running it again goes on.",
        mixinStandardHelpOptions = true)
final class RestoreCommand implements Callable<Integer> {
    @Mixin private OfflineOptions options = new OfflineOptions();

    @Option(
            names = "--data",
            paramLabel = "DIR",
            required = true,
            description = "data directory, absent or empty")
    private String data = "";

    @Option(
            names = "--store-tier",
            paramLabel = "URL",
            description = "as for 'quern serve': the chunks go there")
    private @Nullable String tier;

    @Mixin private Terminal terminal = new Terminal();

    @Override
    public Integer call() {
        BackupBody restored =
                options.open(Optional.of(data), Optional.ofNullable(tier))
                        .restore(options.from(), options.backup());
        terminal.print(
                restored,
                "restored "
                        + restored.id()
                        + " to "
                        + data
                        + ": "
                        + restored.files()
                        + " files, "
                        + restored.bytes()
                        + " bytes, facts at "
                        + restored.index());
        return ExitCode.OK.status();
    }
}
