package dev.quern.vector;

import dev.quern.common.QuernException;
import dev.quern.storage.MetaLog;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Deletes rows that expired from the open collections: every second, by writes of a bounded size,
/// a bounded number of them, so that other writes come between. [ClosedSweeps] opens the
/// collections that are due and closed. Expired rows do not show before. Thread-safe. The owner
/// closes it.
final class Sweeper implements AutoCloseable {
    private static final Duration PERIOD = Duration.ofSeconds(1);
    private static final Logger log = LoggerFactory.getLogger(Sweeper.class);

    /// Of a collection in a round.
    private static final int MAX_BATCHES = 20;

    private final OpenCollections open;
    private final Rounds timer;
    private final ClosedSweeps closed;

    Sweeper(OpenCollections open, MetaLog facts, InstantSource clock) {
        this.open = open;
        this.timer = new Rounds("quern-sweep", PERIOD, this::sweep);
        this.closed = new ClosedSweeps(facts, clock, open, this);
    }

    /// Deletes what has expired by now, up to the bound.
    synchronized void sweep() {
        List<Definition> due = new ArrayList<>();
        open.forEachOpen(live -> {
            if (live.reads().hasExpired()) {
                due.add(live.definition());
            }
        });
        due.forEach(this::sweep);
    }

    /// Deletes what has expired by now in a collection, up to the bound; opens it if it is not.
    void sweep(Definition definition) {
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

    /// Deletes some of what has expired in collections that are not open.
    void sweepClosed() {
        closed.sweep();
    }

    @Override
    public void close() {
        closed.close();
        timer.close();
    }
}
