package dev.quern.vector;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// An open collection. Thread-safe; [OpenCollections] opens and closes it.
///
/// A write: check, type its attributes, frame, commit to the log (many at a time, sharing fsyncs),
/// then apply to the index in token order under `applying`, then acknowledge. A search refreshes
/// the index first if something was applied since. Once an apply has failed, or it is unknown
/// whether a commit took place, nothing more is applied: the collection is [#isFailed], and opening
/// it anew replays what the log has.
final class LiveCollection implements ReadableCollection {
    private static final Logger log = LoggerFactory.getLogger(LiveCollection.class);
    private static final long DRAIN_NANOS = TimeUnit.SECONDS.toNanos(30);
    private static final Duration MAX_SENT = Duration.ofSeconds(10);

    /// As it was called when it was used last.
    private volatile Definition definition;

    private final WriteLog tail;
    private final WriteAdmission admission;
    private final LuceneIndex index;
    private final Checkpointer checkpointer;
    private final TokenOrder<PendingWrite> order = new TokenOrder<>();
    private final ShownIndex shown;
    private final ReentrantLock applying;
    private final CpuPool applyPool;
    private final InstantSource clock;

    /// Whether a task of the pool is going to look for writes to apply.
    private final AtomicBoolean applyScheduled = new AtomicBoolean();

    private final LiveSchema schema;
    private final LiveHealth health;
    private final RowLocks locks = new RowLocks();
    private final ConditionalWrites conditional;
    private final LiveReads reads;
    private final RecallSamples samples;
    private final SearchPace pace = new SearchPace();

    /// Merges of the index that the last checkpoint holds, and that the last attempt was to hold.
    private volatile long savedMerges;

    private volatile long triedMerges;

    /// What a live collection works with.
    ///
    /// @param applyPool applies writes
    /// @param readPool reads the rows that writes depend on
    /// @param sampledQueries of each vector field
    record Parts(
            Catalog catalog,
            WriteLog tail,
            WriteAdmission admission,
            CpuPool applyPool,
            CpuPool readPool,
            InstantSource clock,
            int sampledQueries) {}

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
        this.health = new LiveHealth(this::definition);
        this.shown = new ShownIndex(index, checkpointer.token(), clock);
        this.applying = shown.applying();
        this.reads = new LiveReads(this, health, index, clock);
        this.conditional = new ConditionalWrites(this, locks, parts.readPool(), admission, clock);
        this.samples = new RecallSamples(parts.sampledQueries(), clock);
        tail.replay(definition, checkpointer.token(), this::replay);
        shown.show();
        index.afterMerge(this::showMerged);
    }

    private void replay(long token, int frameBytes, WriteBatch batch) {
        schema.requireFits(token, batch);
        try {
            shown.apply(token, batch, schema.now(), OptionalInt.of(0));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
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

    /// @param called the collection as the caller found it: once it is called otherwise, or was
    ///   rolled back, the write is refused with `NOT_FOUND`, and nothing is written
    /// @param ids as for [RowWrite]
    WriteResult write(Definition called, WriteBatch batch, Optional<IdType> ids) {
        return admitted(place -> {
            WriteBatch checked = schema.conform(batch, ids);
            try (RowLocks.Held _ = locks.shared(checked)) {
                return commit(called, checked, place, OptionalInt.empty());
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
    WriteResult commit(
            Definition called, WriteBatch batch, WriteAdmission.Place place, OptionalInt deletes) {
        byte[] frame = WriteFormat.encode(batch);
        place.reserve(frame.length);
        CompletableFuture<WriteResult> result = new CompletableFuture<>();
        TokenOrder.Ticket ticket = order.begin(tail.appliedIndex());
        boolean sent = false;
        try {
            // Only now, so that close() either sees the ticket or is seen here.
            health.requireUsable();
            sent = true;
            long token = tail.append(called, frame);
            order.commit(
                    ticket, token, new PendingWrite(token, batch, frame.length, deletes, result));
        } catch (RuntimeException e) {
            if (sent && IndexFailure.isAmbiguous(e)) {
                health.fail(e);
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
        if (shown.isClosed() || health.failure() != null) {
            write.result()
                    .completeExceptionally(
                            health.unavailable(
                                    "has write " + write.token() + " durable but not yet applied",
                                    health.failure()));
            return;
        }
        try {
            WriteBatch batch = write.batch();
            int deleted = shown.apply(write.token(), batch, schema.now(), write.deletes());
            checkpointer.count(batch.upserts().size(), write.frameBytes());
            write.result()
                    .complete(new WriteResult(write.token(), batch.upserts().size(), deleted));
        } catch (IOException | RuntimeException e) {
            write.result()
                    .completeExceptionally(
                            health.failed(
                                    "has write " + write.token() + " durable but not applied", e));
        }
    }

    private void showMerged() {
        if (health.failure() != null) {
            return;
        }
        try {
            shown.showMerged();
        } catch (IOException e) {
            var _ = health.failed("cannot show what was merged", e);
        }
    }

    /// Begins what merges pay if nothing was written for some time. When nothing is left to merge,
    /// a checkpoint takes in what was, so that neither a restart nor a lost cache costs it again.
    ///
    /// @param after idle time from which to merge
    void mergeIfIdle(Duration after) {
        Duration idle = Duration.between(shown.changedAt(), clock.instant());
        if (idle.compareTo(after) < 0
                || health.isClosing()
                || health.failure() != null
                || merge(idle)) {
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
            if (shown.isClosed() || health.failure() != null) {
                return false;
            }
            shown.show();
            return index.merge(idle);
        } catch (IOException e) {
            throw health.failed("cannot be merged", e);
        } finally {
            applying.unlock();
        }
    }

    @Override
    public CollectionStats stats() {
        return reads.stats();
    }

    /// Reads of the index.
    LiveReads reads() {
        return reads;
    }

    @Override
    public boolean isShown() {
        return shown.isShown();
    }

    /// Reads the index as of now: every write that was acknowledged shows.
    @Override
    public <T> T read(Reading<T> reading) {
        return reads.read(Consistency.strong(), reading);
    }

    @Override
    public <T> T read(Consistency consistency, Reading<T> reading) {
        return reads.read(consistency, reading);
    }

    /// Waits for the writes in flight that may have a token which a read asks for.
    @Override
    public void await(Consistency consistency, Duration most) {
        if (!(consistency instanceof Consistency.AtLeast(long token))
                || token <= shown.appliedToken()) {
            return;
        }
        long given = tail.appliedIndex();
        if (token > given) {
            throw QuernException.invalid(
                    "'at_least' must be the token of a write, at most " + given + ", got " + token);
        }
        health.awaitPast(order, token, most);
        if (token > shown.appliedToken()) {
            // Not on the caller's thread: an interrupt would close files under Lucene.
            applyPool.call(() -> {
                applyReady();
                return token;
            });
        }
        health.requireUsable();
    }

    /// Saves a checkpoint if anything was applied or merged since the last.
    void checkpoint() throws IOException {
        long token;
        long merges;
        Checkpointer.Tail covered;
        applying.lock();
        try {
            merges = index.merges();
            if (shown.isClosed()
                    || health.failure() != null
                    || (shown.appliedToken() == checkpointer.token() && merges == savedMerges)) {
                return;
            }
            token = shown.appliedToken();
            covered = checkpointer.tail();
        } finally {
            applying.unlock();
        }
        try {
            checkpointer.save(index, token, covered, () -> shown.appliedToken(health));
            savedMerges = merges;
        } catch (QuernException e) {
            throw health.noted(e);
        }
    }

    /// Waits for the writes that began before, so that those sent at a moment that is past are in
    /// the log, or never will be.
    void awaitSent() {
        health.awaitPast(order, tail.appliedIndex() + 1, MAX_SENT);
    }

    /// Saves a checkpoint that holds every write acknowledged before and none in part, and makes an
    /// addition true in the same moment.
    ///
    /// @param then what to do while the files are certain to be there
    void checkpointExactly(CheckpointStore.Addition addition, Consumer<CheckpointStore.Donor> then)
            throws IOException {
        long merges = index.merges();
        try {
            checkpointer.saveExactly(index, this::commitExactly, addition, then);
            savedMerges = merges;
        } catch (QuernException e) {
            throw health.noted(e);
        }
    }

    private Checkpointer.Exact commitExactly(String commitId) throws IOException {
        applying.lock();
        try {
            if (shown.isClosed() || health.failure() != null) {
                throw health.unavailable("must be opened anew", health.failure());
            }
            return new Checkpointer.Exact(
                    shown.appliedToken(), checkpointer.tail(), commitId, index.commit(commitId));
        } finally {
            applying.unlock();
        }
    }

    /// Starts a checkpoint in the background if the tail is long.
    void checkpointIfDue() {
        checkpointer.checkpointIfDue(this);
    }

    /// Waits for the writes in flight, saves a checkpoint unless told otherwise, and lets go of the
    /// index.
    void close(boolean saveFirst) {
        health.close();
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
        try {
            shown.close();
        } catch (IOException e) {
            log.warn("collection {} ({}) closed badly", definition.name(), definition.id(), e);
        }
    }

    /// What was applied, and what shows.
    ShownIndex shown() {
        return shown;
    }

    Definition definition() {
        return definition;
    }

    /// The collection is called otherwise, or has other aliases.
    void call(Definition now) {
        if (now.version() > definition.version()) {
            definition = now;
        }
    }

    @Override
    public LiveSchema schema() {
        return schema;
    }

    RecallSamples samples() {
        return samples;
    }

    @Override
    public SearchPace pace() {
        return pace;
    }

    @Override
    public void searched(Search search) {
        search.sample(samples);
    }

    /// Whether nothing was written for so long.
    boolean isIdle(Duration time) {
        return Duration.between(shown.changedAt(), clock.instant()).compareTo(time) >= 0;
    }

    /// Changes with what searches see.
    long version() {
        return shown.shownToken() + index.merges() + schema.now().version();
    }

    /// Whether it must be closed and opened anew.
    @Override
    public boolean isFailed() {
        return health.isFailed();
    }

    @Override
    public boolean isReplaced() {
        return health.isReplaced();
    }

    /// Closes it while it is in use, for one with other rows to take its place: searches under way
    /// end on the rows of before, those that come find it failed.
    void closeReplaced() {
        health.replace();
        close(false);
    }

    /// The files of the last checkpoint, where there is one.
    Optional<CheckpointStore.Donor> files() {
        return checkpointer
                .files()
                .map(saved -> new CheckpointStore.Donor(index.path(), saved.files()));
    }

    /// Whether the files in the cache are to be thrown away then.
    boolean isDamaged() {
        return health.isDamaged();
    }
}
