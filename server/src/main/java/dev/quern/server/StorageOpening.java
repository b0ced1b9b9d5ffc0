package dev.quern.server;

import dev.quern.common.QuernException;
import dev.quern.storage.MaintenanceConfig;
import dev.quern.storage.OperatorKey;
import dev.quern.storage.StorageConfig;
import dev.quern.storage.StorageEngine;
import dev.quern.storage.Tier;
import dev.quern.storage.TieredChunks;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Optional;
import java.util.random.RandomGenerator;

/// Opens the storage engine as the settings say: with its keys, and its chunks in the data
/// directory or in a tier.
final class StorageOpening {
    private final ServerConfig.Storage settings;
    private final InstantSource clock;
    private final RandomGenerator secureRandom;

    /// @param secureRandom names what is put into tiers; must be unpredictable
    StorageOpening(
            ServerConfig.Storage settings, InstantSource clock, RandomGenerator secureRandom) {
        this.settings = settings;
        this.clock = clock;
        this.secureRandom = secureRandom;
    }

    /// Opens the engine, and the tier before it; both are closed with `resources`.
    ///
    /// @param directory of the engine
    /// @throws QuernException `INVALID` if a key is missing, or is not the one that the directory
    ///   needs, or the tier is not the one that it belongs to; what opening the tier throws
    @SuppressWarnings("MustBeClosed") // everything goes into `resources`
    StorageEngine open(Path directory, Resources resources) {
        StorageConfig config = config(directory);
        Optional<TierUrl> place = settings.tier();
        if (place.isEmpty()) {
            return resources.add(StorageEngine.open(config));
        }
        Tier tier = resources.add(place.get().open(settings.access(), secureRandom, clock));
        TieredChunks tiered = new TieredChunks(tier, settings.tierCache(), clock);
        return resources.add(StorageEngine.open(config, tiered));
    }

    private StorageConfig config(Path directory) {
        StorageConfig config =
                StorageConfig.in(directory)
                        .withCompression(settings.compression())
                        .withLogRetention(settings.logRetention());
        Optional<OperatorKey> key = operatorKey();
        Optional<OperatorKey> previous = settings.previousOperatorKeyFile().map(OperatorKey::read);
        if (key.isPresent()) {
            return config.withOperatorKey(key.get(), previous);
        }
        if (previous.isPresent()) {
            throw QuernException.invalid(
                    "setting previous-operator-key-file needs the new key too: set"
                            + " operator-key-file or QUERN_OPERATOR_KEY, got neither");
        }
        return config;
    }

    private Optional<OperatorKey> operatorKey() {
        if (settings.operatorKeyFile().isPresent() && settings.operatorKey().isPresent()) {
            throw QuernException.invalid(
                    "operator key must come from operator-key-file or from QUERN_OPERATOR_KEY, got"
                            + " both");
        }
        return settings.operatorKeyFile().map(OperatorKey::read).or(settings::operatorKey);
    }

    /// When the engine looks after its chunks by itself.
    MaintenanceConfig maintenance() {
        MaintenanceConfig defaults = MaintenanceConfig.defaults();
        return new MaintenanceConfig(
                settings.gcInterval(),
                settings.gcGrace(),
                defaults.compactInterval(),
                defaults.maxBytesPerSecond());
    }
}
