package dev.quern.cli;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The options of verbs that work on one backup.
final class OfflineOptions extends PlaceOptions {
    @Option(names = "--backup", paramLabel = "ID", description = "default the latest")
    private @Nullable String backup;

    Optional<String> backup() {
        return Optional.ofNullable(backup);
    }
}
