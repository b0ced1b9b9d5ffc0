package dev.quern.vector;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Looks at the open collections every second and has those merged to which nothing was written for
/// some time; the merges themselves run on the merge threads. While no search runs it compares one
/// sampled query of each with the exact answer, itself, and stops when a search comes. Thread-safe.
/// The owner closes it.
final class IdleMerger implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(IdleMerger.class);
    private static final long PERIOD_MILLIS = 1_000;
    private static final long CLOSE_SECONDS = 10;

    private final OpenCollections open;
    private final Duration after;
    private final DenseLeg.Means means;
    private final BooleanSupplier quiet;
    private final ScheduledExecutorService timer =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("quern-idle-merge").factory());

    /// Begins to look.
    ///
    /// @param after idle time from which to merge and compare
    /// @param quiet whether no search runs
    IdleMerger(OpenCollections open, Duration after, DenseLeg.Means means, BooleanSupplier quiet) {
        this.open = open;
        this.after = after;
        this.means = means;
        this.quiet = quiet;
        var _ =
                timer.scheduleWithFixedDelay(
                        this::look, PERIOD_MILLIS, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
    }

    /// Begins what merges pay by now, then compares.
    void look() {
        List<Definition> sampled = new ArrayList<>();
        open.forEachOpen(live -> {
            try {
                live.mergeIfIdle(after);
                if (live.isIdle(after) && live.samples().isPending(live.version())) {
                    sampled.add(live.definition());
                }
            } catch (RuntimeException e) {
                log.warn("collection {} is not merged", live.definition().name(), e);
            }
        });
        // Not under the lock that searches of a collection take for a moment.
        sampled.forEach(this::compare);
    }

    private void compare(Definition definition) {
        if (!quiet.getAsBoolean()) {
            return;
        }
        try (OpenCollections.Lease lease = open.acquire(definition)) {
            LiveCollection live = lease.live();
            long version = live.version();
            boolean compared =
                    live.read(searcher ->
                            live.samples()
                                    .compareOne(
                                            searcher, live.schema().now(), means, version, quiet));
            log.trace("compared a query of {}: {}", definition.name(), compared);
        } catch (RuntimeException e) {
            log.warn("a query of collection {} is not compared", definition.name(), e);
        }
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
