package dev.quern.vector;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Looks at the open collections every second and has those merged to which nothing was written for
/// some time; the merges themselves run on the merge threads. Snapshots that nobody reads are
/// closed. Thread-safe. The owner closes it.
final class IdleMerger implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(IdleMerger.class);
    private static final long PERIOD_MILLIS = 1_000;
    private static final long CLOSE_SECONDS = 10;

    private final OpenCollections open;
    private final OpenSnapshots kept;
    private final Duration after;
    private final ScheduledExecutorService timer =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("quern-idle-merge").factory());

    IdleMerger(OpenCollections open, OpenSnapshots kept, Duration after) {
        this.open = open;
        this.kept = kept;
        this.after = after;
        var _ =
                timer.scheduleWithFixedDelay(
                        this::look, PERIOD_MILLIS, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
    }

    /// Begins what merges pay by now, and closes idle snapshots.
    void look() {
        open.forEachOpen(live -> {
            try {
                live.mergeIfIdle(after);
            } catch (RuntimeException e) {
                log.warn("collection {} is not merged", live.definition().name(), e);
            }
        });
        kept.closeIdle();
    }

    @Override
    public void close() {
        timer.shutdown();
        try {
            if (!timer.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                log.warn("looking at idle collections goes on at close");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
