package dev.quern.embed;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// The bounded queue before the workers, and the policy of what they do next.
///
/// Requests take turns. A turn is one slice of tokenizing or one batch, begun with the request's
/// longest inputs and filled with inputs of about that length, its own first, then those of the
/// requests behind it. So a query of one text that arrives while a job of thousands runs waits for
/// one batch of that job, and the job still gets its turn however many queries come.
///
/// Thread-safe.
final class BatchQueue {
    /// Smaller batches leave a core's arithmetic idle.
    private static final int MIN_BATCH_TOKENS = 128;

    /// Requests looked at to fill a batch.
    private static final int MAX_FILLERS = 256;

    private final int workers;
    private final int maxTexts;
    private final int maxBatchTokens;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition workThere = lock.newCondition();
    private final Condition roomThere = lock.newCondition();

    @GuardedBy("lock")
    private final Deque<EmbedRequest> turns = new ArrayDeque<>();

    /// Inputs not yet in a batch, over all requests.
    @GuardedBy("lock")
    private int texts;

    /// Tokens of the tokenized requests' inputs that are not yet in a batch.
    @GuardedBy("lock")
    private long tokens;

    @GuardedBy("lock")
    private double nanosPerText = 5_000_000;

    @GuardedBy("lock")
    private boolean closed;

    BatchQueue(EmbedConfig config) {
        this.workers = config.threads();
        this.maxTexts = config.maxQueuedTexts();
        this.maxBatchTokens = config.maxBatchTokens();
    }

    /// Queues a request.
    ///
    /// @param wait true: waits for room; false: refuses when there is none
    /// @throws QuernException `INVALID` if it is larger than the queue, `EXHAUSTED` with a time to
    ///   retry after if there is no room, `UNAVAILABLE` if the service is closed
    void submit(EmbedRequest request, boolean wait) throws InterruptedException {
        if (request.size() > maxTexts) {
            throw QuernException.invalid(
                    "at most "
                            + maxTexts
                            + " texts can be embedded in one request, got "
                            + request.size());
        }
        lock.lock();
        try {
            while (wait && !closed && texts + request.size() > maxTexts) {
                roomThere.await();
            }
            requireOpen();
            if (texts + request.size() > maxTexts) {
                throw QuernException.exhausted(
                        "embedding queue is full: "
                                + texts
                                + " of "
                                + maxTexts
                                + " texts are waiting, "
                                + request.size()
                                + " more do not fit",
                        retryAfterMillis());
            }
            texts += request.size();
            turns.addLast(request);
            workThere.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// The next thing to do; waits for it.
    ///
    /// @return null when the queue is closed
    @Nullable Work take() throws InterruptedException {
        lock.lock();
        try {
            while (!closed && turns.isEmpty()) {
                workThere.await();
            }
            if (closed) {
                return null;
            }
            EmbedRequest first = turns.removeFirst();
            Work work = first.hasSlice() ? slice(first) : batch(first);
            if (!turns.isEmpty()) {
                workThere.signal();
            }
            return work;
        } finally {
            lock.unlock();
        }
    }

    /// Says that a slice is tokenized. A request that is tokenized to its end goes on at once: its
    /// turn was spent on its last slice, which for a short request is a tenth of a millisecond.
    void tokenized(Work.Slice slice) {
        lock.lock();
        try {
            EmbedRequest request = slice.request();
            if (request.result().isDone()) {
                return; // abandoned meanwhile, and no longer counted
            }
            tokens += request.noteTokenized(slice);
            if (request.isTokenized()) {
                turns.addFirst(request);
                workThere.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    /// Says how long a batch took, for the time to retry after.
    void computed(int batchTexts, long elapsedNanos) {
        lock.lock();
        try {
            nanosPerText += ((double) elapsedNanos / batchTexts - nanosPerText) / 16;
        } finally {
            lock.unlock();
        }
    }

    /// Ends a request and forgets what of it is not being computed.
    void abandon(EmbedRequest request, Throwable cause) {
        lock.lock();
        try {
            if (request.result().isDone()) {
                return;
            }
            request.fail(cause);
            turns.remove(request);
            if (request.isTokenized()) {
                while (request.waiting() > 0) {
                    noteBatched(request.takeNext());
                }
            } else {
                texts -= request.waiting();
            }
            roomThere.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Refuses what comes from now on and ends what waits; workers get no more.
    void close() {
        lock.lock();
        try {
            closed = true;
            turns.forEach(request -> request.fail(shutDown()));
            turns.clear();
            workThere.signalAll();
            roomThere.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Inputs waiting for a batch.
    int waitingTexts() {
        lock.lock();
        try {
            return texts;
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private Work slice(EmbedRequest request) {
        Work.Slice slice = request.takeSlice();
        if (request.hasSlice()) {
            turns.addLast(request);
        }
        return slice;
    }

    @GuardedBy("lock")
    private Work batch(EmbedRequest first) {
        int width = first.nextTokens();
        int room = Math.max(1, batchTokens() / width);
        List<Work.Slot> slots = new ArrayList<>();
        takeFrom(first, width, room, slots);
        Iterator<EmbedRequest> others = turns.iterator();
        for (int i = 0; i < MAX_FILLERS && slots.size() < room && others.hasNext(); i++) {
            EmbedRequest other = others.next();
            if (other.isTokenized() && other.model().equals(first.model())) {
                takeFrom(other, width, room, slots);
                if (other.waiting() == 0) {
                    others.remove();
                }
            }
        }
        if (first.waiting() > 0) {
            turns.addLast(first);
        }
        roomThere.signalAll();
        return new Work.Batch(first.model(), slots);
    }

    /// Takes inputs that fill their row of a batch of this width at least by half.
    @GuardedBy("lock")
    private void takeFrom(EmbedRequest request, int width, int room, List<Work.Slot> slots) {
        while (slots.size() < room
                && request.waiting() > 0
                && request.nextTokens() <= width
                && request.nextTokens() * 2 >= width) {
            Work.Slot slot = request.takeNext();
            noteBatched(slot);
            slots.add(slot);
        }
    }

    @GuardedBy("lock")
    private void noteBatched(Work.Slot slot) {
        texts--;
        tokens -= slot.request().ids(slot.position()).length;
    }

    /// Little work is shared out among the workers rather than done by one of them.
    @GuardedBy("lock")
    private int batchTokens() {
        long share = Math.max(MIN_BATCH_TOKENS, (tokens + workers - 1) / workers);
        return (int) Math.min(maxBatchTokens, share);
    }

    @GuardedBy("lock")
    private long retryAfterMillis() {
        return Math.clamp((long) (texts * nanosPerText / workers / 1e6), 50, 30_000);
    }

    @GuardedBy("lock")
    private void requireOpen() {
        if (closed) {
            throw shutDown();
        }
    }

    private static QuernException shutDown() {
        return new QuernException(ErrorKind.UNAVAILABLE, "embedding service is shutting down");
    }
}
