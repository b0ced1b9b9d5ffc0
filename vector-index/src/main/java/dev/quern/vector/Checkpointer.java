package dev.quern.vector;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps one collection's tail short: counts what is in it, saves a checkpoint in the background
/// when it is long, and refuses writes when checkpoints do not get through. Thread-safe.
final class Checkpointer {
    private static final Logger log = LoggerFactory.getLogger(Checkpointer.class);

    /// Writes are refused when the tail has this many times the length that starts a checkpoint.
    private static final int MAX_BACKLOG = 8;

    private static final long RETRY_AFTER_MILLIS = 1_000;

    private final Definition definition;
    private final CheckpointStore store;
    private final Rules rules;
    private final ReentrantLock saving = new ReentrantLock();

    @GuardedBy("saving")
    private Optional<CheckpointStore.Saved> saved;

    /// As `saved`, to be read by anyone.
    private volatile Optional<CheckpointStore.Saved> files;

    private volatile long token;

    @GuardedBy("this")
    private long tailRows;

    @GuardedBy("this")
    private long tailBytes;

    @GuardedBy("this")
    private boolean scheduled;

    @GuardedBy("this")
    private @Nullable String lastFailure;

    /// After a failure: the tail length at which to try again.
    @GuardedBy("this")
    private Tail retryAt = new Tail(0, 0);

    /// Whether it is unknown what the log has: a save failed half-way.
    @GuardedBy("saving")
    private boolean uncertain;

    /// The commit that was to be saved then.
    @GuardedBy("saving")
    private String attempted = "";

    /// When and where checkpoints are made.
    ///
    /// @param rows tail length that starts one
    /// @param bytes the same in framed bytes
    /// @param pool runs them
    /// @param ids names commits
    record Rules(long rows, long bytes, Executor pool, IdSource ids) {}

    /// What a tail holds.
    record Tail(long rows, long bytes) {}

    Checkpointer(
            Definition definition,
            CheckpointStore store,
            Optional<CheckpointStore.Saved> saved,
            Rules rules) {
        this.definition = definition;
        this.store = store;
        this.rules = rules;
        this.saved = saved;
        this.files = saved;
        this.token = saved.map(s -> s.checkpoint().token()).orElse(0L);
    }

    /// The last write that the checkpoint holds; 0 before the first checkpoint.
    long token() {
        return token;
    }

    synchronized Tail tail() {
        return new Tail(tailRows, tailBytes);
    }

    /// A write was applied.
    synchronized void count(int rows, int frameBytes) {
        tailRows += rows;
        tailBytes += frameBytes;
    }

    /// Refuses a write, and sees to it that a checkpoint is under way, when the tail is at its
    /// bound.
    ///
    /// @throws QuernException `EXHAUSTED`
    void requireRoom(LiveCollection collection) {
        synchronized (this) {
            if (tailRows < MAX_BACKLOG * rules.rows() && tailBytes < MAX_BACKLOG * rules.bytes()) {
                return;
            }
            retryAt = new Tail(0, 0);
        }
        checkpointIfDue(collection);
        synchronized (this) {
            throw QuernException.exhausted(
                    "collection \""
                            + collection.definition().name()
                            + "\" has "
                            + tailRows
                            + " rows waiting for a checkpoint"
                            + (lastFailure == null ? "" : ", which failed: " + lastFailure),
                    RETRY_AFTER_MILLIS);
        }
    }

    /// Starts a checkpoint in the background when the tail is long and none is on its way.
    void checkpointIfDue(LiveCollection collection) {
        synchronized (this) {
            boolean due = tailRows >= rules.rows() || tailBytes >= rules.bytes();
            boolean early = tailRows < retryAt.rows() && tailBytes < retryAt.bytes();
            if (!due || early) {
                return;
            }
        }
        start(collection);
    }

    /// Starts a checkpoint in the background unless one is on its way.
    void start(LiveCollection collection) {
        synchronized (this) {
            if (scheduled) {
                return;
            }
            scheduled = true;
        }
        try {
            rules.pool()
                    .execute(() -> {
                        saveQuietly(collection);
                        synchronized (this) {
                            scheduled = false;
                        }
                    });
        } catch (RejectedExecutionException e) {
            synchronized (this) {
                scheduled = false;
            }
        }
    }

    /// Saves a checkpoint; a failure is logged, and told to writers when the tail is full.
    void saveQuietly(LiveCollection collection) {
        try {
            collection.checkpoint();
            noteFailure(null);
        } catch (IOException | RuntimeException e) {
            noteFailure(e.toString());
            log.warn(
                    "checkpoint of collection {} ({}) failed",
                    collection.definition().name(),
                    definition.id(),
                    e);
        }
    }

    private synchronized void noteFailure(@Nullable String failure) {
        lastFailure = failure;
        retryAt =
                failure == null
                        ? new Tail(0, 0)
                        : new Tail(
                                tailRows + Math.max(1, rules.rows() / 4),
                                tailBytes + Math.max(1, rules.bytes() / 4));
    }

    /// Commits the index, saves its files and cuts the tail.
    ///
    /// @param through every write up to this token is applied; may be the token of the last
    ///   checkpoint when segments were merged since
    /// @param covered what the tail held then
    /// @param applied gives the last write that is applied
    void save(LuceneIndex index, long through, Tail covered, LongSupplier applied)
            throws IOException {
        saving.lock();
        try {
            reread(index);
            if (through < token) {
                return;
            }
            String commitId = begin();
            Exact exact = new Exact(through, covered, commitId, index.commit(commitId));
            save(index, exact, applied.getAsLong(), CheckpointStore.Addition.NONE);
        } finally {
            saving.unlock();
        }
    }

    /// A commit, and what is in it.
    ///
    /// @param through every write up to this token
    /// @param covered what the tail held of these
    record Exact(long through, Tail covered, String commitId, LuceneIndex.Committed committed) {}

    /// Commits the index while nothing is applied.
    interface ExactCommit {
        /// Commits.
        ///
        /// @param commitId what to call it
        Exact commit(String commitId) throws IOException;
    }

    /// Saves a checkpoint that holds the writes up to its token and nothing of later ones.
    ///
    /// @param addition becomes true in the same moment
    /// @param then what to do while the files are certain to be there
    void saveExactly(
            LuceneIndex index,
            ExactCommit exactly,
            CheckpointStore.Addition addition,
            Consumer<CheckpointStore.Donor> then)
            throws IOException {
        saving.lock();
        try {
            reread(index);
            // So that little is left for the commit for which writes wait.
            var _ = index.commit(rules.ids().next());
            Exact exact = exactly.commit(begin());
            save(index, exact, exact.through(), addition);
            saved.ifPresent(s -> then.accept(new CheckpointStore.Donor(index.path(), s.files())));
        } finally {
            saving.unlock();
        }
    }

    @GuardedBy("saving")
    private String begin() {
        uncertain = true;
        attempted = rules.ids().next();
        return attempted;
    }

    @GuardedBy("saving")
    private void save(LuceneIndex index, Exact exact, long parts, CheckpointStore.Addition addition)
            throws IOException {
        CheckpointStore.Snapshot snapshot =
                new CheckpointStore.Snapshot(
                        index.path(),
                        exact.committed(),
                        exact.through(),
                        parts,
                        exact.covered().bytes(),
                        exact.commitId());
        saved = Optional.of(store.save(definition, saved, snapshot, addition));
        uncertain = false;
        token = exact.through();
        index.pin(exact.commitId());
        files = saved;
        synchronized (this) {
            tailRows -= exact.covered().rows();
            tailBytes -= exact.covered().bytes();
        }
    }

    /// The files of the last checkpoint, which are in the index's directory.
    Optional<CheckpointStore.Saved> files() {
        return files;
    }

    /// After a save of unknown outcome: goes by what the log has.
    ///
    /// @throws QuernException `FENCED` if that is another writer's, whose files may have the names
    ///   of ours
    @GuardedBy("saving")
    private void reread(LuceneIndex index) throws IOException {
        if (!uncertain) {
            return;
        }
        Optional<CheckpointStore.Saved> found = store.find(definition);
        String before = commitId(saved);
        String now = commitId(found);
        if (!now.equals(before) && !now.equals(attempted)) {
            throw new QuernException(
                    ErrorKind.FENCED,
                    "collection \""
                            + definition.name()
                            + "\": another writer saved checkpoint "
                            + now
                            + ", expected "
                            + before);
        }
        uncertain = false;
        saved = found;
        if (found.isPresent()) {
            token = found.get().checkpoint().token();
            index.pin(now);
            files = saved;
        }
    }

    private static String commitId(Optional<CheckpointStore.Saved> saved) {
        return saved.map(s -> s.checkpoint().commitId()).orElse("");
    }
}
