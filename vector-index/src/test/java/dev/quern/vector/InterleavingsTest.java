package dev.quern.vector;

import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.junit.jupiter.api.Test;

/// The small locked pieces: every outcome of concurrent calls is that of some order of them.
final class InterleavingsTest {
    private static final int SCENARIOS = 5;
    private static final int INVOCATIONS = 100;

    @Test
    void locksOfRowsInEveryInterleaving() {
        new ModelCheckingOptions()
                .iterations(SCENARIOS)
                .invocationsPerIteration(INVOCATIONS)
                .threads(3)
                .actorsPerThread(2)
                .check(RowLocksLincheck.class);
    }

    @Test
    void locksOfRowsUnderStress() {
        new StressOptions()
                .iterations(SCENARIOS)
                .invocationsPerIteration(INVOCATIONS)
                .threads(3)
                .actorsPerThread(3)
                .check(RowLocksLincheck.class);
    }
}
