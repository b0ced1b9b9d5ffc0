package dev.quern.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.QuernException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/// Transactions that wait to be applied, in order: bounded in bytes, taken in groups. Thread-safe;
/// nothing is locked under its monitor.
final class TxnQueue implements AutoCloseable {
    private static final long RETRY_AFTER_MILLIS = 50;

    /// What a queued transaction costs beside its bytes.
    private static final int OVERHEAD_BYTES = 256;

    private final long maxQueuedBytes;
    private final long groupBytes;

    @GuardedBy("this")
    private final Deque<Waiting> queue = new ArrayDeque<>();

    /// Of the transactions that are queued or being applied.
    @GuardedBy("this")
    private long queuedBytes;

    @GuardedBy("this")
    private boolean closing;

    /// @param maxQueuedBytes more than that is refused
    /// @param groupBytes the most that a group takes in the log
    TxnQueue(long maxQueuedBytes, long groupBytes) {
        this.maxQueuedBytes = maxQueuedBytes;
        this.groupBytes = groupBytes;
    }

    /// A transaction on its way.
    ///
    /// @param bytes it, encoded
    /// @param txn it, as the bytes say
    /// @param index where it was applied, or why it was not
    record Waiting(byte[] bytes, Txn txn, CompletableFuture<Long> index) {
        private long cost() {
            return (long) bytes.length + OVERHEAD_BYTES;
        }
    }

    /// Queues a transaction and waits until it is applied.
    ///
    /// @return its index
    long submit(byte[] bytes, Txn txn) {
        Waiting waiting = enqueue(bytes, txn);
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

    /// Queues a transaction.
    synchronized Waiting enqueue(byte[] bytes, Txn txn) {
        Waiting waiting = new Waiting(bytes, txn, new CompletableFuture<>());
        if (closing) {
            throw AppliedPosition.closedError();
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
        return waiting;
    }

    /// What waits, as much as a group takes; empty once the queue is closed and nothing waits.
    synchronized List<Waiting> take() {
        while (queue.isEmpty() && !closing) {
            try {
                wait();
            } catch (InterruptedException e) {
                closing = true;
            }
        }
        return poll(groupBytes);
    }

    /// What waits now, as much as takes `roomBytes` in the log at most.
    synchronized List<Waiting> poll(long roomBytes) {
        List<Waiting> group = new ArrayList<>();
        long left = roomBytes;
        while (!queue.isEmpty()) {
            int size = FactLogFormat.sizeBytes(queue.getFirst().bytes.length);
            if (size > left) {
                break;
            }
            left -= size;
            group.add(queue.removeFirst());
        }
        return group;
    }

    /// Whether none waits.
    synchronized boolean isEmpty() {
        return queue.isEmpty();
    }

    /// How many wait.
    synchronized int size() {
        return queue.size();
    }

    /// Whether none waits or is being applied.
    synchronized boolean isIdle() {
        return queuedBytes == 0;
    }

    /// The room that a group takes in the log.
    static long sizeBytes(List<Waiting> group) {
        long sum = 0;
        for (Waiting waiting : group) {
            sum += FactLogFormat.sizeBytes(waiting.bytes.length);
        }
        return sum;
    }

    /// Makes room for others.
    synchronized void answered(List<Waiting> group) {
        for (Waiting waiting : group) {
            queuedBytes -= waiting.cost();
        }
    }

    /// Answers all that have none yet with an error.
    static void fail(List<Waiting> group, Throwable error) {
        QuernException shown =
                error instanceof QuernException known
                        ? known
                        : QuernException.internal("cannot apply transactions", error);
        group.forEach(waiting -> waiting.index.completeExceptionally(shown));
    }

    /// Takes no more.
    @Override
    public synchronized void close() {
        closing = true;
        notifyAll();
    }
}
