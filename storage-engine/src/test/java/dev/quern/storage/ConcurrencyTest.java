package dev.quern.storage;

import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.junit.jupiter.api.Test;

/// The small locked pieces: every outcome of concurrent calls is that of some order of them.
final class ConcurrencyTest {
    private static final int SCENARIOS = 5;
    private static final int INVOCATIONS = 100;

    @Test
    void queueOfTransactionsInEveryInterleaving() {
        new ModelCheckingOptions()
                .iterations(SCENARIOS)
                .invocationsPerIteration(INVOCATIONS)
                .threads(3)
                .actorsPerThread(3)
                .check(TxnQueueLincheck.class);
    }

    @Test
    void queueOfTransactionsUnderStress() {
        new StressOptions()
                .iterations(SCENARIOS)
                .invocationsPerIteration(INVOCATIONS)
                .threads(2)
                .actorsPerThread(4)
                .check(TxnQueueLincheck.class);
    }

    /// Shared arenas are closed by the JVM's own means, which only real threads exercise.
    @Test
    void leasesOfAPackWhileItIsRetired() {
        new StressOptions()
                .iterations(SCENARIOS)
                .invocationsPerIteration(INVOCATIONS)
                .threads(3)
                .actorsPerThread(3)
                .check(PackLincheck.class);
    }
}
