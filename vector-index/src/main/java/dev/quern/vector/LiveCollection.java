package dev.quern.vector;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.store.AlreadyClosedException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// An open collection. Thread-safe; [OpenCollections] opens and closes it.
///
/// A write: check, type its attributes, frame, commit to the log (many at a time, sharing fsyncs),
/// then apply to the index in token order under `applying`, then acknowledge. A search refreshes
/// the index first if something was applied since. Once an apply has failed, or it is unknown
/// whether a commit took place, nothing more is applied: the collection is [#isFailed], and opening
/// it anew replays what the log has.
final class LiveCollection {
    private static final Logger log = LoggerFactory.getLogger(LiveCollection.class);
    private static final long DRAIN_NANOS = TimeUnit.SECONDS.toNanos(30);

    private final Definition definition;
    private final WriteLog tail;
    private final WriteAdmission admission;
    private final LuceneIndex index;
    private final Checkpointer checkpointer;
    private final TokenOrder<PendingWrite> order = new TokenOrder<>();
    private final ReentrantLock applying = new ReentrantLock();
    private final Executor applyPool;
    private final InstantSource clock;

    /// Whether a task of the pool is going to look for writes to apply.
    private final AtomicBoolean applyScheduled = new AtomicBoolean();

    private final LiveSchema schema;
    private final RowLocks locks = new RowLocks();
    private final ConditionalWrites conditional;
    private final LiveReads reads;

    @GuardedBy("applying")
    private final RecentRows recent = new RecentRows();

    /// Written under `applying`.
    private volatile long appliedToken;

    /// The index shows every write up to here; written under `applying`.
    private volatile long shownToken;

    /// When something was applied last, or the collection was opened.
    private volatile Instant changedAt;

    /// Merges of the index that the last checkpoint holds, and that the last attempt was to hold.
    private volatile long savedMerges;

    private volatile long triedMerges;

    private volatile boolean closing;
    private volatile @Nullable Throwable failure;
    private volatile boolean damaged;

    @GuardedBy("applying")
    private boolean closed;

    /// What a live collection works with.
    ///
    /// @param applyPool applies writes
    /// @param readPool reads the rows that writes depend on
    record Parts(
            Catalog catalog,
            WriteLog tail,
            WriteAdmission admission,
            CpuPool applyPool,
            CpuPool readPool,
            InstantSource clock) {}

    /// Takes over the index, and brings it up to date with the tail.
    LiveCollection(Definition definition, Parts parts, LuceneIndex index, Checkpointer checkpointer)
            throws IOException {
        this.definition = definition;
        this.tail = parts.tail();
        this.admission = parts.admission();
        this.applyPool = parts.applyPool();
        this.clock = parts.clock();
        this.index = index;
        this.checkpointer = checkpointer;
        this.schema = new LiveSchema(definition, parts.catalog());
        this.reads = new LiveReads(this, index, parts.clock());
        this.conditional = new ConditionalWrites(this, locks, parts.readPool(), admission);
        long start = checkpointer.token();
        this.appliedToken = start;
        this.shownToken = start;
        applying.lock();
        try {
            tail.replay(definition, start, this::replay);
            index.refresh();
            shownToken = appliedToken;
        } finally {
            applying.unlock();
        }
        this.changedAt = clock.instant();
        index.afterMerge(this::showMerged);
    }

    private void replay(long token, int frameBytes, WriteBatch batch) {
        schema.requireFits(token, batch);
        try {
            index.apply(batch, token, schema.now());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        appliedToken = token;
        checkpointer.count(batch.upserts().size(), frameBytes);
    }

    /// A committed write on its way into the index.
    ///
    /// @param deletes rows that it deletes, if that is known already
    private record PendingWrite(
            long token,
            WriteBatch batch,
            int frameBytes,
            OptionalInt deletes,
            CompletableFuture<WriteResult> result) {}

    WriteResult write(WriteBatch batch) {
        return admitted(place -> {
            WriteBatch checked = schema.conform(batch);
            try (RowLocks.Held _ = locks.shared(checked)) {
                return commit(checked, place, OptionalInt.empty());
            }
        });
    }

    /// Writes that depend on rows.
    ConditionalWrites conditional() {
        return conditional;
    }

    /// Does a write within the bounds on writes in progress.
    WriteResult admitted(Function<WriteAdmission.Place, WriteResult> write) {
        try (WriteAdmission.Place place = admission.enter()) {
            checkpointer.requireRoom(this);
            return write.apply(place);
        }
    }

    /// Stores a batch and applies it. The caller holds the locks of its rows.
    ///
    /// @param deletes rows that it deletes, if that is known already
    WriteResult commit(WriteBatch batch, WriteAdmission.Place place, OptionalInt deletes) {
        byte[] frame = WriteFormat.encode(batch);
        place.reserve(frame.length);
        CompletableFuture<WriteResult> result = new CompletableFuture<>();
        TokenOrder.Ticket ticket = order.begin(tail.appliedIndex());
        boolean sent = false;
        try {
            // Only now, so that close() either sees the ticket or is seen here.
            requireUsable();
            sent = true;
            long token = tail.append(definition, frame);
            order.commit(ticket, token, new PendingWrite(token, batch, frame.length, deletes, result));
        } catch (RuntimeException e) {
            if (sent && IndexFailures.isAmbiguous(e)) {
                failure = e;
            }
            order.abandon(ticket);
            throw e;
        } finally {
            settle();
        }
        try {
            return result.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof QuernException q ? q : e;
        }
    }

    private void requireUsable() {
        if (closing) {
            throw unavailable("is being closed", null);
        }
        if (failure != null) {
            throw unavailable("must be opened anew", failure);
        }
    }

    QuernException unavailable(String problem, @Nullable Throwable cause) {
        return new QuernException(
                ErrorKind.UNAVAILABLE,
                "collection \""
                        + definition.name()
                        + "\" "
                        + problem
                        + (cause == null ? "" : ": " + cause),
                cause);
    }

    /// Sees to it that every write whose turn it is gets applied.
    private void settle() {
        if (!applyScheduled.compareAndSet(false, true)) {
            return;
        }
        try {
            applyPool.execute(this::applyReady);
        } catch (RejectedExecutionException e) {
            applyReady();
        }
    }

    private void applyReady() {
        applying.lock();
        try {
            for (Optional<PendingWrite> next = order.poll();
                    next.isPresent();
                    next = order.poll()) {
                apply(next.get());
            }
        } finally {
            applying.unlock();
            applyScheduled.set(false);
        }
        checkpointIfDue();
        if (order.isReady()) {
            // It came between the last look and the flag.
            settle();
        }
    }

    @GuardedBy("applying")
    private void apply(PendingWrite write) {
        if (closed || failure != null) {
            write.result()
                    .completeExceptionally(
                            unavailable(
                                    "has write " + write.token() + " durable but not yet applied",
                                    failure));
            return;
        }
        try {
            WriteBatch batch = write.batch();
            int deleted = write.deletes().isPresent() ? write.deletes().getAsInt() : count(batch);
            index.apply(batch, write.token(), schema.now());
            recent.add(batch, write.token());
            appliedToken = write.token();
            changedAt = clock.instant();
            checkpointer.count(batch.upserts().size(), write.frameBytes());
            write.result()
                    .complete(new WriteResult(write.token(), batch.upserts().size(), deleted));
        } catch (IOException | RuntimeException e) {
            write.result()
                    .completeExceptionally(
                            failed("has write " + write.token() + " durable but not applied", e));
        }
    }

    /// The rows that a batch is going to delete.
    @GuardedBy("applying")
    private int count(WriteBatch batch) throws IOException {
        if (batch.deleteIds().isEmpty() && batch.deleteWhere().isEmpty()) {
            return 0;
        }
        show();
        return index.countDeletes(batch, schema.now());
    }

    /// Notes a failure of the index and describes it.
    QuernException failed(String problem, Exception e) {
        log.warn("collection {} ({}) failed", definition.name(), definition.id(), e);
        failure = e;
        if (IndexFailures.isDamage(e)) {
            damaged = true;
        }
        return unavailable(problem, e);
    }

    @GuardedBy("applying")
    private void show() throws IOException {
        if (shownToken != appliedToken) {
            index.refresh();
            shownToken = appliedToken;
            recent.shown();
        }
    }

    /// Shows searches the segment that a merge has made, unless the next search will see it anyway.
    private void showMerged() {
        applying.lock();
        try {
            if (!closed && failure == null && shownToken == appliedToken) {
                index.refresh();
            }
        } catch (IOException e) {
            var _ = failed("cannot show what was merged", e);
        } finally {
            applying.unlock();
        }
    }

    /// Begins what merges pay if nothing was written for some time. When nothing is left to merge,
    /// a checkpoint takes in what was, so that neither a restart nor a lost cache costs it again.
    ///
    /// @param after idle time from which to merge
    void mergeIfIdle(Duration after) {
        Duration idle = Duration.between(changedAt, clock.instant());
        if (idle.compareTo(after) < 0 || closing || failure != null || merge(idle)) {
            return;
        }
        long merges = index.merges();
        if (merges != savedMerges && merges != triedMerges) {
            triedMerges = merges;
            checkpointer.start(this);
        }
    }

    /// Begins what merges pay in a collection that has been idle for so long.
    ///
    /// @return whether a merge is under way
    boolean merge(Duration idle) {
        if (index.isMerging()) {
            return true;
        }
        applying.lock();
        try {
            if (closed || failure != null) {
                return false;
            }
            show();
            return index.merge(idle);
        } catch (IOException e) {
            throw failed("cannot be merged", e);
        } finally {
            applying.unlock();
        }
    }

    /// Reads of the index.
    LiveReads reads() {
        return reads;
    }

    /// Reads the index as of now: every write that was acknowledged shows.
    <T> T read(LiveReads.Reading<T> reading) {
        return reads.read(reading);
    }

    /// A searcher that shows every write that was acknowledged; goes to [LuceneIndex#release].
    IndexSearcher fresh() throws IOException {
        if (shownToken < appliedToken) {
            applying.lock();
            try {
                requireOpen();
                show();
            } finally {
                applying.unlock();
            }
        }
        return index.acquire();
    }

    /// What the index shows, and what has changed since.
    ///
    /// @param changed receives those of the rows that did, empty for one that is gone
    IndexSearcher shown(Collection<String> ids, Map<String, Optional<Row>> changed)
            throws IOException {
        applying.lock();
        try {
            requireOpen();
            if (!recent.isKept()) {
                show();
                recent.keep();
            }
            changed.putAll(recent.find(ids));
            return index.acquire();
        } finally {
            applying.unlock();
        }
    }

    @GuardedBy("applying")
    private void requireOpen() {
        if (closed) {
            throw new AlreadyClosedException("closed");
        }
    }

    /// Saves a checkpoint if anything was applied or merged since the last.
    void checkpoint() throws IOException {
        long token;
        long merges;
        Checkpointer.Tail covered;
        applying.lock();
        try {
            merges = index.merges();
            if (closed
                    || failure != null
                    || (appliedToken == checkpointer.token() && merges == savedMerges)) {
                return;
            }
            token = appliedToken;
            covered = checkpointer.tail();
        } finally {
            applying.unlock();
        }
        try {
            checkpointer.save(index, token, covered);
            savedMerges = merges;
        } catch (QuernException e) {
            if (e.kind() == ErrorKind.FENCED) {
                failure = e;
            }
            throw e;
        }
    }

    /// Starts a checkpoint in the background if the tail is long.
    void checkpointIfDue() {
        checkpointer.checkpointIfDue(this);
    }

    /// Waits for the writes in flight, saves a checkpoint unless told otherwise, and lets go of the
    /// index.
    void close(boolean saveFirst) {
        closing = true;
        try {
            if (!order.awaitIdle(DRAIN_NANOS)) {
                log.warn("collection {} closes with writes in flight", definition.name());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        applyReady();
        if (saveFirst) {
            checkpointer.saveQuietly(this);
        }
        applying.lock();
        try {
            closed = true;
            index.close();
        } catch (IOException e) {
            log.warn("collection {} ({}) closed badly", definition.name(), definition.id(), e);
        } finally {
            applying.unlock();
        }
    }

    /// The last write that was applied.
    long appliedToken() {
        return appliedToken;
    }

    Definition definition() {
        return definition;
    }

    LiveSchema schema() {
        return schema;
    }

    /// Whether it must be closed and opened anew.
    boolean isFailed() {
        return failure != null;
    }

    /// Whether the files in the cache are to be thrown away then.
    boolean isDamaged() {
        return damaged;
    }
}
