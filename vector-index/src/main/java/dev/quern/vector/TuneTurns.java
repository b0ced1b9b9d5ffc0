package dev.quern.vector;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Runs a long task in short pieces on the search threads, one piece at a time, and gives way to
/// searches: while they want every thread it rests three times as long as it worked. Ends at a
/// deadline, or when it is cancelled. One thread runs pieces; any may cancel.
final class TuneTurns {
    private static final int REST = 3;
    private static final long MIN_REST_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long MAX_REST_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private final CpuPool pool;
    private final long end;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition cancelling = lock.newCondition();
    private volatile boolean cancelled;
    private long partStart;
    private long partNanos;

    /// Its time begins now.
    TuneTurns(CpuPool pool, Duration allowed) {
        this.pool = pool;
        this.partStart = System.nanoTime();
        this.partNanos = allowed.toNanos();
        this.end = partStart + partNanos;
    }

    /// From now on an equal share of the time that is left counts.
    ///
    /// @param left parts still to come, this one included
    void beginPart(int left) {
        partStart = System.nanoTime();
        partNanos = Math.max(0, end - partStart) / left;
    }

    /// Runs a piece.
    ///
    /// @return empty if the time was over before, or it was cancelled
    /// @throws QuernException as the piece does; `UNAVAILABLE` if the pool is closed or the caller
    ///   interrupted
    <T> Optional<T> run(Callable<T> piece) {
        while (!isOver()) {
            boolean busy = pool.isFull();
            long before = System.nanoTime();
            try {
                T result = pool.call(piece);
                if (busy) {
                    rest(REST * (System.nanoTime() - before));
                }
                return Optional.of(result);
            } catch (QuernException e) {
                if (e.kind() != ErrorKind.EXHAUSTED) {
                    throw e;
                }
                rest(MAX_REST_NANOS);
            }
        }
        return Optional.empty();
    }

    private void rest(long nanos) {
        long left = Math.clamp(nanos, MIN_REST_NANOS, MAX_REST_NANOS);
        lock.lock();
        try {
            while (!cancelled && left > 0) {
                left = cancelling.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new QuernException(ErrorKind.UNAVAILABLE, "interrupted while tuning", e);
        } finally {
            lock.unlock();
        }
    }

    /// Whether no piece is run any more.
    boolean isOver() {
        return cancelled || System.nanoTime() - partStart >= partNanos;
    }

    /// Whether more than half of the part's time is over.
    boolean isHalfOver() {
        return isOver() || (System.nanoTime() - partStart) * 2 >= partNanos;
    }

    boolean isCancelled() {
        return cancelled;
    }

    void cancel() {
        lock.lock();
        try {
            cancelled = true;
            cancelling.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
