package dev.quern.cli;

import dev.quern.server.OfflineStorage;
import dev.quern.server.ServerConfig;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The options of verbs that work on a place of backups in this process, without a server. What is
/// not given comes from where the server has it: the environment, or `quern.properties` in the data
/// directory.
class PlaceOptions {
    @Option(
            names = "--from",
            paramLabel = "URL",
            required = true,
            description = "place of the backups: file:///DIRECTORY or s3://BUCKET/PREFIX")
    private String from = "";

    @Option(names = "--s3-endpoint", paramLabel = "URL", description = "as for 'quern serve'")
    private @Nullable String endpoint;

    @Option(names = "--s3-region", paramLabel = "REGION", description = "as for 'quern serve'")
    private @Nullable String region;

    @Option(names = "--s3-path-style", paramLabel = "on|off", description = "as for 'quern serve'")
    private @Nullable String pathStyle;

    String from() {
        return from;
    }

    /// The store with its settings.
    ///
    /// @param data empty for the default
    OfflineStorage open(Optional<String> data) {
        return open(data, Optional.empty());
    }

    /// The store with its settings.
    ///
    /// @param tier where the chunks are; empty for what the settings say
    OfflineStorage open(Optional<String> data, Optional<String> tier) {
        Map<String, String> flags = new TreeMap<>();
        data.ifPresent(directory -> flags.put("data", directory));
        tier.ifPresent(place -> flags.put("store-tier", place));
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
