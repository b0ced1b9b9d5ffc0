package dev.quern.volume;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.ErrorKind;
import dev.quern.common.Names;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.Key;
import dev.quern.storage.MetaLog;
import dev.quern.storage.Txn;
import dev.quern.storage.Txn.Mutation;
import dev.quern.volume.StagedFormat.Change;
import dev.quern.volume.VolumeFormat.Volume;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The staged changes of sessions: an append-only log of facts for each session, which a commit or
/// a discard cuts from the front. What a log amounts to is kept in memory for the sessions in use
/// and brought up to date from the facts at each look.
///
/// Lock order: a [State] before this object's own monitor. Thread-safe.
final class Sessions {
    private static final int PAGE = 1000;
    private static final int MAX_KEPT = 256;

    private final MetaLog facts;
    private final VolumeCatalog catalog;
    private final int maxChanges;

    @GuardedBy("this")
    private final LinkedHashMap<Session, State> kept = new LinkedHashMap<>(16, 0.75f, true);

    Sessions(MetaLog facts, VolumeCatalog catalog, int maxChanges) {
        this.facts = facts;
        this.catalog = catalog;
        this.maxChanges = maxChanges;
    }

    /// A session of a volume.
    record Session(SpaceId space, Volume volume, String name) {
        Session {
            Names.require("session", name);
        }

        Key log() {
            return Key.of("volume-stage", volume.id(), name);
        }
    }

    /// What a log amounts to.
    ///
    /// @param tree its changes
    /// @param last key of the last of them; empty if there are none
    record Staging(StagedTree tree, Optional<Key> last) {}

    /// Appends a change, durable when this returns.
    ///
    /// @throws QuernException `NOT_FOUND` if the volume is deleted by now
    void append(Session session, Change change) {
        Txn.Builder txn =
                Txn.in(session.space)
                        .when(catalog.unchanged(session.volume))
                        .then(new Mutation.Append(session.log(), StagedFormat.encode(change)));
        if (change instanceof StagedFormat.Put put && put.content().sizeBytes() > 0) {
            txn.require(put.content().hash());
        }
        commitWhileVolumeExists(session, txn.build());
    }

    /// Forgets all changes.
    void discard(Session session) {
        Key log = session.log();
        commitWhileVolumeExists(
                session,
                Txn.in(session.space)
                        .when(catalog.unchanged(session.volume))
                        .then(new Mutation.DeleteThrough(log, log))
                        .build());
        forget(session);
    }

    /// Reads the whole log.
    Staging load(Session session) {
        State state = new State();
        synchronized (state) {
            state.update(session);
            return new Staging(state.tree, state.last);
        }
    }

    /// Looks at the present changes, without altering them.
    <T> T look(Session session, Function<StagedTree, T> view) {
        return look(session, view, Integer.MAX_VALUE);
    }

    /// Looks at the present changes of a session that is to stage one more.
    ///
    /// @throws QuernException `EXHAUSTED` if it has staged as much as it may
    <T> T lookToStage(Session session, Function<StagedTree, T> view) {
        return look(session, view, maxChanges);
    }

    private <T> T look(Session session, Function<StagedTree, T> view, int bound) {
        State state = state(session);
        T result;
        int changes;
        synchronized (state) {
            state.update(session);
            changes = state.changes;
            if (changes >= bound) {
                throw full(session);
            }
            result = view.apply(state.tree);
        }
        trim(session, changes);
        return result;
    }

    private QuernException full(Session session) {
        return QuernException.exhausted(
                "session \""
                        + session.name
                        + "\" of volume \""
                        + session.volume.name()
                        + "\" has staged "
                        + maxChanges
                        + " changes, the most it may: commit or discard them",
                1_000);
    }

    /// Drops what is kept in memory of a session.
    synchronized void forget(Session session) {
        kept.remove(session);
    }

    private synchronized State state(Session session) {
        return kept.computeIfAbsent(session, _ -> new State());
    }

    /// Drops the sessions that were not in use for longest until the bounds hold.
    private synchronized void trim(Session session, int changes) {
        State state = kept.get(session);
        if (state != null) {
            state.keptChanges = changes;
        }
        long total = kept.values().stream().mapToLong(other -> other.keptChanges).sum();
        Iterator<Map.Entry<Session, State>> eldest = kept.entrySet().iterator();
        while (kept.size() > 1 && (kept.size() > MAX_KEPT || total > maxChanges)) {
            total -= eldest.next().getValue().keptChanges;
            eldest.remove();
        }
    }

    private void commitWhileVolumeExists(Session session, Txn txn) {
        try {
            facts.commit(txn);
        } catch (QuernException e) {
            if (e.kind() != ErrorKind.CONFLICT) {
                throw e;
            }
            throw new QuernException(
                    ErrorKind.NOT_FOUND, "no volume \"" + session.volume.name() + "\" any more", e);
        }
    }

    /// What is known of one log.
    private final class State {
        @GuardedBy("this")
        private StagedTree tree = new StagedTree();

        @GuardedBy("this")
        private @Nullable Key first;

        @GuardedBy("this")
        private Optional<Key> last = Optional.empty();

        @GuardedBy("this")
        private int changes;

        /// As trim saw it; guarded by the owner's monitor.
        private int keptChanges;

        /// Brings this up to date. A log whose first key is not the one known has been cut: it is
        /// read again.
        @GuardedBy("this")
        void update(Session session) {
            List<MetaLog.Fact> start =
                    facts.scan(session.space, session.log(), Optional.empty(), 1);
            if (start.isEmpty() || !start.getFirst().key().equals(first)) {
                tree = new StagedTree();
                last = Optional.empty();
                changes = 0;
                first = start.isEmpty() ? null : start.getFirst().key();
            }
            if (start.isEmpty()) {
                return;
            }
            List<MetaLog.Fact> page;
            do {
                page = facts.scan(session.space, session.log(), last, PAGE);
                for (MetaLog.Fact fact : page) {
                    tree.apply(StagedFormat.decode(fact.value(), session.name));
                    last = Optional.of(fact.key());
                    changes++;
                }
            } while (page.size() == PAGE);
        }
    }
}
