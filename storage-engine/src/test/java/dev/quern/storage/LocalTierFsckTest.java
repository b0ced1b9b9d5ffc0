package dev.quern.storage;

import java.time.InstantSource;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;

/// In a directory.
final class LocalTierFsckTest extends TierFsckContract {
    private LocalTier tier;

    @Override
    @SuppressWarnings("MustBeClosedChecker") // closed after each test
    Tier tier() {
        if (tier == null) {
            tier =
                    LocalTier.open(
                            directory.resolve("tier"), new Random(1), InstantSource.system());
        }
        return tier;
    }

    @AfterEach
    void close() {
        tier.close();
    }
}
