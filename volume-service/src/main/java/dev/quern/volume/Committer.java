package dev.quern.volume;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkPins;
import dev.quern.storage.ChunkStore;
import dev.quern.storage.Key;
import dev.quern.storage.MetaLog;
import dev.quern.storage.Txn;
import dev.quern.storage.Txn.Mutation;
import dev.quern.volume.DirectoryWriter.Written;
import dev.quern.volume.Sessions.Session;
import dev.quern.volume.Sessions.Staging;
import dev.quern.volume.VolumeCatalog.Head;
import dev.quern.volume.VolumeFormat.Volume;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/// Turns a session's staged changes into the next commit: writes the directories that they change,
/// then moves the head by compare-and-set in the transaction that cuts the session's log. Commits
/// of one process to one volume take turns, so that they do not race each other; what another
/// process does is met by the compare-and-set. Thread-safe.
final class Committer {
    private static final int LOCKS = 64;

    private final ChunkStore chunks;
    private final MetaLog facts;
    private final NodeStore nodes;
    private final VolumeCatalog catalog;
    private final Sessions sessions;
    private final int attempts;
    private final ReentrantLock[] turns = new ReentrantLock[LOCKS];

    Committer(
            ChunkStore chunks,
            MetaLog facts,
            NodeStore nodes,
            VolumeCatalog catalog,
            Sessions sessions,
            int attempts) {
        this.chunks = chunks;
        this.facts = facts;
        this.nodes = nodes;
        this.catalog = catalog;
        this.sessions = sessions;
        this.attempts = attempts;
        for (int i = 0; i < LOCKS; i++) {
            turns[i] = new ReentrantLock();
        }
    }

    CommitInfo commit(Session session, CommitRequest request) {
        ReentrantLock turn = turns[Math.floorMod(session.volume().id().hashCode(), LOCKS)];
        turn.lock();
        try {
            return commitInTurn(session, request);
        } finally {
            turn.unlock();
        }
    }

    private CommitInfo commitInTurn(Session session, CommitRequest request) {
        Volume volume = session.volume();
        for (int attempt = 0; attempt < attempts; attempt++) {
            Head head = catalog.head(session.space(), volume);
            if (!request.expectedHead().orElse(head.commit()).equals(head.commit())) {
                throw headMoved(volume, request.expectedHead().get(), head.commit());
            }
            Staging staging = sessions.load(session);
            try (ChunkPins _ = chunks.pinWrites(session.space())) {
                Optional<CommitInfo> done = attempt(session, request.message(), head, staging);
                if (done.isPresent()) {
                    sessions.forget(session);
                    return done.get();
                }
            }
        }
        throw QuernException.conflict(
                "head of volume \""
                        + volume.name()
                        + "\" moved during each of "
                        + attempts
                        + " attempts to commit: retry");
    }

    /// One try on one head; empty if the head moved meanwhile.
    private Optional<CommitInfo> attempt(
            Session session, String message, Head head, Staging staging) {
        SpaceId space = session.space();
        Volume volume = session.volume();
        Commit parent = catalog.commit(space, volume, head.commit());
        if (staging.last().isEmpty()) {
            return Optional.of(parent.info(head.commit()));
        }
        Key log = session.log();
        Mutation cut = new Mutation.DeleteThrough(log, staging.last().get());
        Written tree = new TreeMerge(nodes, space, parent.root(), staging.tree().root()).write();
        if (tree.node().equals(parent.root())) {
            Txn txn = Txn.in(space).when(catalog.unmoved(volume, head)).then(cut).build();
            return commit(txn) ? Optional.of(parent.info(head.commit())) : Optional.empty();
        }
        Commit next =
                new Commit(
                        volume.id(),
                        Optional.of(head.commit()),
                        tree.node(),
                        catalog.now(),
                        message,
                        tree.files(),
                        tree.sizeBytes());
        CommitId id = catalog.write(space, next);
        chunks.sync();
        Txn txn = catalog.moveHead(space, volume, head, id).then(cut).require(tree.node()).build();
        return commit(txn) ? Optional.of(next.info(id)) : Optional.empty();
    }

    private boolean commit(Txn txn) {
        try {
            facts.commit(txn);
            return true;
        } catch (QuernException e) {
            if (e.kind() == ErrorKind.CONFLICT) {
                return false;
            }
            throw e;
        }
    }

    private static QuernException headMoved(Volume volume, CommitId expected, CommitId actual) {
        return new QuernException(
                ErrorKind.CONFLICT,
                "head of volume \"" + volume.name() + "\" must be " + expected + ", is " + actual,
                Map.of("expected_head", expected.hex(), "actual_head", actual.hex()),
                null);
    }
}
