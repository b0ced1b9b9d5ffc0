package dev.quern.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A few seeds with every build; `./quern test sim` runs many.
final class SimulationTest {
    private static final long SEED = 11;
    private static final int SEEDS = 8;

    @TempDir Path directory;

    @Test
    void seedsKeepTheirPromises() {
        for (long seed = SEED; seed < SEED + SEEDS; seed++) {
            SimulationRun.run(seed, directory.resolve(Long.toString(seed)));
        }
    }

    @Test
    void sameSeedMakesTheSameCalls() {
        for (long seed = SEED; seed < SEED + SEEDS; seed++) {
            Path again = directory.resolve("again");
            long once = SimulationRun.run(seed, again);
            assertThat(SimulationRun.run(seed, again)).as("seed %d", seed).isEqualTo(once);
        }
        assertThat(SimulationRun.run(SEED, directory.resolve("one")))
                .isNotEqualTo(SimulationRun.run(SEED + 1, directory.resolve("other")));
    }
}
