package dev.quern.storage;

import java.time.InstantSource;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;

/// In a directory.
final class LocalTierFsckTest extends TierFsckContract {
    private @Nullable LocalTier tier;

    @Override
    @SuppressWarnings("MustBeClosedChecker") // closed after each test
    Tier tier() {
        LocalTier open = tier;
        if (open == null) {
            open = LocalTier.open(directory.resolve("tier"), new Random(1), InstantSource.system());
            tier = open;
        }
        return open;
    }

    @AfterEach
    void close() {
        tier().close();
    }
}
