package dev.quern.vector;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Does something again and again on a thread of its own, each time a period after it was done. A
/// round that fails does not end the others. Thread-safe. The owner closes it.
final class Rounds implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Rounds.class);
    private static final long CLOSE_SECONDS = 10;

    private final String name;
    private final ScheduledExecutorService timer;

    /// Begins, with the first round in a period.
    ///
    /// @param name of the thread
    Rounds(String name, Duration period, Runnable round) {
        this.name = name;
        this.timer =
                Executors.newSingleThreadScheduledExecutor(
                        Thread.ofPlatform().daemon().name(name).factory());
        var _ =
                timer.scheduleWithFixedDelay(
                        () -> runQuietly(round),
                        period.toMillis(),
                        period.toMillis(),
                        TimeUnit.MILLISECONDS);
    }

    /// What is thrown to the timer would end it.
    private void runQuietly(Runnable round) {
        try {
            round.run();
        } catch (RuntimeException | Error e) {
            log.error("a round of {} failed", name, e);
        }
    }

    /// Waits for a round that runs.
    @Override
    public void close() {
        timer.shutdown();
        try {
            if (!timer.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                log.warn("{} goes on at close", name);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
