package dev.quern.vector;

import dev.quern.common.QuernException;
import dev.quern.storage.MetaLog;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Deletes expired rows of collections that are not open, so that what nobody asks for leaves the
/// disk: every minute it looks at a bounded number of checkpoints, which tell when their first row
/// expires, and opens a few of the collections that are due; the next minute goes on from there.
/// What the [Sweeper] leaves of an opened one it deletes in its later rounds. Thread-safe. The
/// owner closes it.
final class ClosedSweeps implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ClosedSweeps.class);
    private static final Duration PERIOD = Duration.ofMinutes(1);

    /// Collections looked at in a round.
    private static final int MAX_SEEN = 1_000;

    /// Collections opened in a round: each may take the place of one that is in use now and then.
    static final int MAX_OPENED = 4;

    private final MetaLog facts;
    private final InstantSource clock;
    private final OpenCollections open;
    private final Sweeper sweeper;
    private final FactRounds definitions;
    private final Rounds timer;

    /// @param sweeper deletes what has expired
    ClosedSweeps(MetaLog facts, InstantSource clock, OpenCollections open, Sweeper sweeper) {
        this.facts = facts;
        this.clock = clock;
        this.open = open;
        this.sweeper = sweeper;
        this.definitions = new FactRounds(facts, Keys.DEFINITIONS, MAX_SEEN);
        this.timer = new Rounds("quern-sweep-closed", PERIOD, this::sweep);
    }

    /// One round.
    synchronized void sweep() {
        int opened = 0;
        for (FactRounds.Found found : definitions.next()) {
            if (sweep(found)) {
                opened++;
            }
            if (opened == MAX_OPENED) {
                definitions.goOnAfter(found);
                return;
            }
        }
    }

    /// @return whether it was due, and not open
    private boolean sweep(FactRounds.Found found) {
        try {
            Definition definition = DefinitionFormat.decode(found.space(), found.fact());
            if (open.isOpen(definition) || !isDue(definition)) {
                return false;
            }
            sweeper.sweep(definition);
            return true;
        } catch (QuernException e) {
            log.debug("{} is not swept for now: {}", found.fact().key(), e.toString());
            return false;
        }
    }

    /// By its checkpoint: what is only in the tail of a collection that was closed is in its next
    /// one, for closing saves it.
    private boolean isDue(Definition definition) {
        Optional<CheckpointFormat.Checkpoint> checkpoint =
                facts.find(definition.space(), Keys.checkpoint(definition.id()))
                        .map(fact -> CheckpointFormat.decode(fact.value()));
        return checkpoint.filter(c -> !c.counts(clock.instant())).isPresent();
    }

    @Override
    public void close() {
        timer.close();
    }
}
