package dev.quern.vector;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.MetaLog;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Lets go of what is older than the histories of collections, open or not: every minute, of a
/// bounded number of collections and by transactions of a bounded size; the next minute goes on
/// from there. Thread-safe. The owner closes it.
final class HistoryPurges implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(HistoryPurges.class);
    private static final Duration PERIOD = Duration.ofMinutes(1);

    /// Collections looked at in a round.
    private static final int MAX_COLLECTIONS = 1_000;

    private final FactRounds checkpoints;
    private final History history;
    private final Rounds timer;

    HistoryPurges(MetaLog facts, History history) {
        this.checkpoints = new FactRounds(facts, Keys.CHECKPOINTS, MAX_COLLECTIONS);
        this.history = history;
        this.timer = new Rounds("quern-history", PERIOD, this::purge);
    }

    /// One round.
    synchronized void purge() {
        try {
            checkpoints.next().forEach(found -> purge(found.space(), found.fact().key().last()));
        } catch (RuntimeException e) {
            log.warn("histories are not purged for now", e);
        }
    }

    private void purge(SpaceId space, String id) {
        try {
            var _ = history.purge(space, id);
        } catch (QuernException e) {
            log.debug("history of {} stays for now: {}", id, e.toString());
        }
    }

    @Override
    public void close() {
        timer.close();
    }
}
