package dev.quern.storage;

import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/// On a tier in a directory.
final class LocalTierChunkStoreTest extends ChunkStoreContract {
    @TempDir Path directory;
    private LocalTier tier;
    private TierChunkStore store;

    @BeforeEach
    @SuppressWarnings("MustBeClosedChecker") // closed after each test
    void open() {
        InstantSource clock = InstantSource.fixed(TierStores.NOW);
        tier = LocalTier.open(directory.resolve("tier"), new Random(3), clock);
        store = TierStores.open(tier, directory.resolve("machine"));
    }

    @AfterEach
    void close() {
        store.close();
        tier.close();
    }

    @Override
    ChunkStore store() {
        return store;
    }
}
