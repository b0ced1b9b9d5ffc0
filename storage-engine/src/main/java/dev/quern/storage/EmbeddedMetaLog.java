package dev.quern.storage;

import com.google.errorprone.annotations.MustBeClosed;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The MetaLog on this machine: a log of its own ([FactLog]) and the state that it leads to
/// ([FactStore]). Callers queue encoded transactions ([TxnQueue]); one thread takes those that wait
/// as a group, with those that are about to follow ([GroupFiller]), applies them one after the
/// other on top of the state, makes the group durable in the log with one force, writes the outcome
/// to the state, and only then answers. While it waits for the disk, the next group gathers.
///
/// Thread-safe. The monitors of the queue, of the position and of the open views and watches are
/// taken one at a time.
final class EmbeddedMetaLog extends FactReads implements MetaLog {
    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedMetaLog.class);
    private static final long ROOM_CHECK_BYTES = 1 << 20;
    private static final int MAX_VIEWS = 64;
    private static final int MAX_WATCHES = 1024;

    private final Disk disk;
    private final Path directory;
    private final long minFreeBytes;
    private final ChunkStore chunks;
    private final FactStore facts;
    private final FactLog log;
    private final AppliedPosition applied;
    private final TxnQueue queue;
    private final OpenSet<EmbeddedView> views = new OpenSet<>("views", MAX_VIEWS);
    private final OpenSet<LogWatch> watches = new OpenSet<>("watches", MAX_WATCHES);
    private final GroupFiller filler;
    private final Thread applier;

    /// Works at what no commit has to wait for: the next segment, and the end of the oldest.
    private final ExecutorService keeper;

    private final AtomicBoolean trimming = new AtomicBoolean();

    /// Logged since the free disk was last looked at, which is not cheap; of the applier.
    private long uncheckedBytes = ROOM_CHECK_BYTES;

    @GuardedBy("views")
    private boolean closed;

    private EmbeddedMetaLog(
            Disk disk,
            StorageConfig config,
            ChunkStore chunks,
            FactStore facts,
            FactLog log,
            ExecutorService keeper) {
        super(facts);
        this.disk = disk;
        this.directory = config.directory();
        this.minFreeBytes = config.minFree().bytes() / 2;
        this.chunks = chunks;
        this.facts = facts;
        this.log = log;
        this.keeper = keeper;
        this.applied = new AppliedPosition(facts.position());
        this.queue =
                new TxnQueue(
                        config.maxQueuedBytes().bytes(),
                        FactLogConfig.retaining(config.logRetention()).groupBytes());
        this.filler = new GroupFiller(queue, System::nanoTime);
        this.applier = Thread.ofPlatform().name("quern-facts").daemon().unstarted(this::run);
    }

    /// Opens the log in `log/` of a directory, making it when absent, and brings the table up to
    /// its end.
    ///
    /// @param chunks where required chunks are looked up; stays the caller's
    /// @param table becomes the log's to close, also when this fails
    /// @param random gives each segment of the log its salt
    /// @param keeper works in the background; becomes the log's to close, also when this fails
    static EmbeddedMetaLog open(
            Disk disk,
            Path directory,
            StorageConfig config,
            ChunkStore chunks,
            FactTable table,
            RandomGenerator random,
            ExecutorService keeper) {
        FactLog log = null;
        boolean opened = false;
        try {
            FactStore facts = FactStore.open(table);
            FactLogConfig sizes = FactLogConfig.retaining(config.logRetention());
            Path directoryOfLog = directory.resolve("log");
            log = FactLog.open(disk, directoryOfLog, sizes, random, facts.position(), keeper);
            facts.replay(log, log.lastIndex());
            EmbeddedMetaLog opening = new EmbeddedMetaLog(disk, config, chunks, facts, log, keeper);
            opening.applier.start();
            opened = true;
            return opening;
        } finally {
            if (!opened) {
                if (log != null) {
                    log.close();
                }
                keeper.close();
                table.close();
            }
        }
    }

    @Override
    public long commit(Txn txn) {
        // What is applied is what is logged, whatever the caller does to its arrays.
        Txn own = txn.detached();
        byte[] bytes = TxnFormat.encode(own);
        if (own.requires().isEmpty()) {
            return queue.submit(bytes, own);
        }
        try (ChunkPins _ = chunks.pin(own.space(), own.requires())) {
            own.requires().forEach(id -> requireDurable(own.space(), id));
            return queue.submit(bytes, own);
        }
    }

    /// What waits to be applied.
    TxnQueue queue() {
        return queue;
    }

    private void requireDurable(SpaceId space, ChunkId id) {
        if (!chunks.isDurable(space, id)) {
            String state = chunks.contains(space, id) ? " has not synced" : " does not have";
            throw QuernException.invalid(
                    "transaction requires chunk " + id + ", which space " + space + state);
        }
    }

    @Override
    public LogPosition position() {
        return applied.get();
    }

    @Override
    public void awaitApplied(long index, Duration timeout) {
        if (!applied.await(index, timeout)) {
            throw new QuernException(
                    ErrorKind.UNAVAILABLE,
                    "log entry "
                            + index
                            + " is not applied within "
                            + timeout
                            + ", the last one is "
                            + applied.get().index());
        }
    }

    @Override
    @MustBeClosed
    public FactView view(long atLeastIndex, Duration timeout) {
        awaitApplied(atLeastIndex, timeout);
        synchronized (views) {
            requireOpen();
            views.requireRoom();
            EmbeddedView view = EmbeddedView.of(facts.snapshot(), views::remove);
            views.add(view);
            return view;
        }
    }

    @Override
    @MustBeClosed
    public Watch watch(SpaceId space, Key prefix, long fromIndex) {
        long first = log.firstIndex();
        if (fromIndex < 1) {
            throw QuernException.invalid("watch must begin at index 1 or later, got " + fromIndex);
        }
        LogCursor cursor = log.cursor(fromIndex);
        if (fromIndex < first) {
            throw cursor.gone();
        }
        synchronized (views) {
            requireOpen();
            LogWatch watch = new LogWatch(space, prefix, cursor, applied, watches::remove);
            watches.add(watch);
            return watch;
        }
    }

    @GuardedBy("views")
    private void requireOpen() {
        if (closed) {
            throw AppliedPosition.closedError();
        }
    }

    private void run() {
        List<TxnQueue.Waiting> group = filler.take();
        while (!group.isEmpty()) {
            try {
                apply(group);
            } catch (RuntimeException | Error e) {
                TxnQueue.fail(group, e);
            } finally {
                queue.answered(group);
            }
            group = filler.take();
        }
    }

    private void apply(List<TxnQueue.Waiting> group) {
        facts.prepareWrite(log, log.lastIndex());
        if (facts.position().index() > applied.get().index()) {
            applied.publish(facts.position());
        }
        long bytes = TxnQueue.sizeBytes(group);
        requireRoom(bytes);
        boolean begun = log.reserve(bytes);
        GroupApplier outcome = new GroupApplier(facts.begin(), facts.position());
        group.forEach(outcome::add);
        filler.fill(group, log.roomBytes(), outcome::add);
        uncheckedBytes += TxnQueue.sizeBytes(group) - bytes;
        if (!outcome.entries().isEmpty()) {
            log.append(outcome.entries());
            facts.write(outcome.changes(), outcome.position(), log);
            applied.publish(outcome.position());
        }
        filler.answering(group);
        outcome.answer();
        if (begun && trimming.compareAndSet(false, true)) {
            long index = outcome.position().index();
            keeper.execute(() -> trim(index));
        }
    }

    /// The log has its room already; the state needs some too.
    private void requireRoom(long bytes) {
        uncheckedBytes += bytes;
        if (uncheckedBytes < ROOM_CHECK_BYTES) {
            return;
        }
        try {
            long usable = disk.usableBytes(directory);
            if (usable < minFreeBytes) {
                uncheckedBytes = ROOM_CHECK_BYTES;
                throw StorageErrors.full(
                        "cannot write facts in " + directory, usable, minFreeBytes);
            }
            uncheckedBytes = 0;
        } catch (IOException e) {
            throw StorageErrors.of("cannot tell the free space of " + directory, e);
        }
    }

    /// Lets go of the oldest part of the log, which the state then no longer needs. If that fails,
    /// it is tried again with the next segment.
    ///
    /// @param index what the state has got to at least
    private void trim(long index) {
        try {
            facts.flush();
            log.trim(index);
        } catch (IOException | QuernException e) {
            LOG.warn("fact log {} keeps its oldest segments for now", directory, e);
        } finally {
            trimming.set(false);
        }
    }

    /// Applies what waits, then closes.
    @Override
    public void close() {
        synchronized (views) {
            closed = true;
        }
        queue.close();
        boolean interrupted = false;
        while (applier.isAlive()) {
            try {
                applier.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        keeper.close();
        applied.close();
        views.all().forEach(EmbeddedView::close);
        watches.all().forEach(LogWatch::close);
        try (facts;
                log) {
            facts.flush();
        } catch (QuernException e) {
            LOG.warn("facts in {} are not flushed, the log has them", directory, e);
        }
    }
}
