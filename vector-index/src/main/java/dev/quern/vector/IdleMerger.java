package dev.quern.vector;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Looks at the open collections every second and has those merged to which nothing was written for
/// some time; the merges themselves run on the merge threads. Snapshots that nobody reads are
/// closed. While no search runs it compares one sampled query of each with the exact answer,
/// itself, and stops when a search comes. Thread-safe. The owner closes it.
final class IdleMerger implements AutoCloseable {
    /// Idle for so long that everything is merged.
    static final Duration FOREVER = Duration.ofDays(365);

    private static final Duration PERIOD = Duration.ofSeconds(1);
    private static final Logger log = LoggerFactory.getLogger(IdleMerger.class);

    private final OpenCollections open;
    private final OpenSnapshots kept;
    private final Duration after;
    private final DenseLeg.Means means;
    private final BooleanSupplier quiet;
    private final Rounds timer;

    /// Begins to look.
    ///
    /// @param after idle time from which to merge and compare
    /// @param quiet whether no search runs
    IdleMerger(
            OpenCollections open,
            OpenSnapshots kept,
            Duration after,
            DenseLeg.Means means,
            BooleanSupplier quiet) {
        this.open = open;
        this.kept = kept;
        this.after = after;
        this.means = means;
        this.quiet = quiet;
        this.timer = new Rounds("quern-idle-merge", PERIOD, this::look);
    }

    /// Begins what merges pay by now, closes idle snapshots, then compares.
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
        kept.closeIdle();
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
        timer.close();
    }
}
