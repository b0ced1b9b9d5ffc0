package dev.quern.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.rocksdb.Cache;

/// The MetaLog on this machine. Callers queue encoded transactions; one thread takes all that wait,
/// applies them one after the other on top of the state, writes the outcome as a single batch with
/// one fsync, and only then answers them all. While it waits for the disk, the next batch gathers.
///
/// Thread-safe. One monitor guards the queue; nothing else is locked under it.
final class EmbeddedMetaLog implements MetaLog {
    private static final long RETRY_AFTER_MILLIS = 50;
    private static final int MAX_SCAN = 10_000;

    /// What a queued transaction costs beside its bytes.
    private static final int OVERHEAD_BYTES = 256;

    private final ChunkStore chunks;
    private final FactStore facts;
    private final long maxQueuedBytes;
    private final Thread applier;

    @GuardedBy("this")
    private List<Waiting> queue = new ArrayList<>();

    /// Of the transactions that are queued or being applied.
    @GuardedBy("this")
    private long queuedBytes;

    @GuardedBy("this")
    private boolean closing;

    /// A transaction on its way.
    private record Waiting(byte[] txn, CompletableFuture<Long> index) {
        long cost() {
            return (long) txn.length + OVERHEAD_BYTES;
        }
    }

    private EmbeddedMetaLog(ChunkStore chunks, FactStore facts, long maxQueuedBytes) {
        this.chunks = chunks;
        this.facts = facts;
        this.maxQueuedBytes = maxQueuedBytes;
        this.applier = Thread.ofPlatform().name("quern-facts").daemon().unstarted(this::run);
    }

    /// Opens the log in a directory, making it when absent.
    ///
    /// @param chunks where required chunks are looked up; stays the caller's, like the cache
    static EmbeddedMetaLog open(
            Disk disk, Path directory, StorageConfig config, ChunkStore chunks, Cache cache) {
        FactStore facts = FactStore.open(disk, directory, config.minFree().bytes() / 2, cache);
        EmbeddedMetaLog log = new EmbeddedMetaLog(chunks, facts, config.maxQueuedBytes().bytes());
        log.applier.start();
        return log;
    }

    @Override
    public long commit(Txn txn) {
        Waiting waiting = new Waiting(TxnFormat.encode(txn), new CompletableFuture<>());
        try (ChunkPins _ = chunks.pin(txn.space(), txn.requires())) {
            txn.requires().forEach(id -> requireDurable(txn.space(), id));
            return commit(waiting);
        }
    }

    private long commit(Waiting waiting) {
        enqueue(waiting);
        try {
            return waiting.index.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof QuernException cause) {
                throw new QuernException(
                        cause.kind(), String.valueOf(cause.getMessage()), cause.details(), cause);
            }
            throw QuernException.internal("transaction failed", e);
        }
    }

    private void requireDurable(SpaceId space, ChunkId id) {
        if (!chunks.isDurable(space, id)) {
            String state = chunks.contains(space, id) ? " has not synced" : " does not have";
            throw QuernException.invalid(
                    "transaction requires chunk " + id + ", which space " + space + state);
        }
    }

    private synchronized void enqueue(Waiting waiting) {
        if (closing) {
            throw closedError();
        }
        if (queuedBytes + waiting.cost() > maxQueuedBytes) {
            throw QuernException.exhausted(
                    "queue of transactions holds "
                            + queuedBytes
                            + " of at most "
                            + maxQueuedBytes
                            + " bytes",
                    RETRY_AFTER_MILLIS);
        }
        queuedBytes += waiting.cost();
        queue.add(waiting);
        notifyAll();
    }

    @Override
    public Optional<Fact> find(SpaceId space, Key key) {
        return facts.find(space, key);
    }

    @Override
    public List<Fact> scan(SpaceId space, Key prefix, Optional<Key> after, int limit) {
        requireLimit(limit);
        return facts.scan(space, prefix, after, limit);
    }

    @Override
    public List<SpaceId> spaces(Optional<SpaceId> after, int limit) {
        requireLimit(limit);
        return facts.spaces(after, limit);
    }

    @Override
    public List<String> kinds(SpaceId space) {
        return facts.kinds(space);
    }

    private static void requireLimit(int limit) {
        if (limit < 1 || limit > MAX_SCAN) {
            throw QuernException.invalid("scan limit must be 1 to " + MAX_SCAN + ", got " + limit);
        }
    }

    @Override
    public long appliedIndex() {
        return facts.appliedIndex();
    }

    private void run() {
        List<Waiting> batch = take();
        while (!batch.isEmpty()) {
            try {
                apply(batch);
            } catch (RuntimeException | Error e) {
                fail(batch, e);
            } finally {
                answered(batch);
            }
            batch = take();
        }
    }

    /// Everything that waits; empty once the log is closing and nothing does.
    private synchronized List<Waiting> take() {
        while (queue.isEmpty() && !closing) {
            try {
                wait();
            } catch (InterruptedException e) {
                closing = true;
            }
        }
        List<Waiting> batch = queue;
        queue = new ArrayList<>();
        return batch;
    }

    private synchronized void answered(List<Waiting> batch) {
        queuedBytes -= batch.stream().mapToLong(Waiting::cost).sum();
    }

    private void apply(List<Waiting> batch) {
        facts.prepareWrite();
        FactChanges changes = new FactChanges(facts);
        List<Runnable> answers = new ArrayList<>();
        long index = facts.appliedIndex();
        for (Waiting waiting : batch) {
            try {
                TxnApplier.apply(changes, TxnFormat.decode(waiting.txn), index + 1);
                index++;
                long applied = index;
                answers.add(() -> waiting.index.complete(applied));
            } catch (QuernException e) {
                answers.add(() -> waiting.index.completeExceptionally(e));
            }
        }
        if (index > facts.appliedIndex()) {
            facts.write(changes.changes(), index);
        }
        answers.forEach(Runnable::run);
    }

    private static void fail(List<Waiting> batch, Throwable error) {
        QuernException shown =
                error instanceof QuernException known
                        ? known
                        : QuernException.internal("cannot apply transactions", error);
        batch.forEach(waiting -> waiting.index.completeExceptionally(shown));
    }

    private static QuernException closedError() {
        return new QuernException(ErrorKind.UNAVAILABLE, "meta log is closed");
    }

    /// Applies what waits, then closes.
    @Override
    public void close() {
        synchronized (this) {
            closing = true;
            notifyAll();
        }
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
        facts.close();
    }
}
