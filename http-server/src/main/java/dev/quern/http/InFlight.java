package dev.quern.http;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Counts requests from their arrival to their last byte, and admits only so many. Thread-safe.
final class InFlight {
    private final Semaphore permits;
    private final AtomicInteger count = new AtomicInteger();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition none = lock.newCondition();

    InFlight(int maxRequests) {
        permits = new Semaphore(maxRequests);
    }

    /// Counts one more.
    ///
    /// @return whether it is within the bound; give the answer to [#leave]
    boolean enter() {
        count.incrementAndGet();
        return permits.tryAcquire();
    }

    void leave(boolean admitted) {
        if (admitted) {
            permits.release();
        }
        if (count.decrementAndGet() == 0) {
            lock.lock();
            try {
                none.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    int count() {
        return count.get();
    }

    /// Waits until nothing is in flight, at most `timeout`; an interrupt ends the wait early and
    /// stays set.
    ///
    /// @return whether nothing is
    boolean awaitNone(Duration timeout) {
        long nanos = timeout.toNanos();
        lock.lock();
        try {
            while (count.get() > 0 && nanos > 0) {
                nanos = none.awaitNanos(nanos);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
        return count.get() == 0;
    }
}
