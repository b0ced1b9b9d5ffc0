package dev.quern.cli;

import dev.quern.server.OfflineStorage;
import dev.quern.server.ServerConfig;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The options of verbs that work on a store in this process, without a server. What is not given
/// comes from where the server has it: the environment, or `quern.properties` in the data
/// directory.
final class OfflineOptions {
    @Option(
            names = "--from",
            paramLabel = "URL",
            required = true,
            description = "place of the backup: file:///DIRECTORY or s3://BUCKET/PREFIX")
    private String from = "";

    @Option(names = "--backup", paramLabel = "ID", description = "default the latest")
    private @Nullable String backup;

    @Option(names = "--s3-endpoint", paramLabel = "URL", description = "as for 'quern serve'")
    private @Nullable String endpoint;

    @Option(names = "--s3-region", paramLabel = "REGION", description = "as for 'quern serve'")
    private @Nullable String region;

    @Option(names = "--s3-path-style", paramLabel = "on|off", description = "as for 'quern serve'")
    private @Nullable String pathStyle;

    String from() {
        return from;
    }

    Optional<String> backup() {
        return Optional.ofNullable(backup);
    }

    /// The store with its settings.
    ///
    /// @param data empty for the default
    OfflineStorage open(Optional<String> data) {
        Map<String, String> flags = new TreeMap<>();
        data.ifPresent(directory -> flags.put("data", directory));
        put(flags, "s3-endpoint", endpoint);
        put(flags, "s3-region", region);
        put(flags, "s3-path-style", pathStyle);
        return new OfflineStorage(ServerConfig.load(flags, System.getenv(), Optional.empty()));
    }

    private static void put(Map<String, String> flags, String key, @Nullable String value) {
        if (value != null) {
            flags.put(key, value);
        }
    }
}
