package dev.quern.vector;

import dev.quern.common.QuernException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Deletes rows that expired from the open collections: every second, by writes of a bounded size,
/// a bounded number of them, so that other writes come between. Rows of a collection that is not
/// open are deleted when it is; they do not show before. Thread-safe. The owner closes it.
final class Sweeper implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Sweeper.class);
    private static final long PERIOD_MILLIS = 1_000;
    private static final long CLOSE_SECONDS = 10;

    /// Of a collection in a round.
    private static final int MAX_BATCHES = 20;

    private final OpenCollections open;
    private final ScheduledExecutorService timer =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("quern-sweep").factory());

    Sweeper(OpenCollections open) {
        this.open = open;
        var _ =
                timer.scheduleWithFixedDelay(
                        this::sweep, PERIOD_MILLIS, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
    }

    /// Deletes what has expired by now, up to the bound.
    synchronized void sweep() {
        List<Definition> due = new ArrayList<>();
        open.forEachOpen(live -> {
            if (live.reads().hasExpired()) {
                due.add(live.definition());
            }
        });
        for (Definition definition : due) {
            try (OpenCollections.Lease lease = open.acquire(definition)) {
                ConditionalWrites writes = lease.live().conditional();
                int left = MAX_BATCHES;
                while (left > 0 && writes.sweep(definition)) {
                    left--;
                }
            } catch (QuernException e) {
                // Renamed, deleted, full or failed; what is left is found in the next round.
                log.debug("expired rows of {} stay for now: {}", definition.name(), e.toString());
            } catch (RuntimeException e) {
                log.warn("expired rows of collection {} stay for now", definition.name(), e);
            }
        }
    }

    @Override
    public void close() {
        timer.shutdown();
        try {
            if (!timer.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                log.warn("sweeping expired rows goes on at close");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
