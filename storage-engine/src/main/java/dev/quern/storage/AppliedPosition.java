package dev.quern.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.time.Duration;

/// How far the log is durable and applied, for those who read it and those who wait for it.
/// Thread-safe; its monitor is taken under others, none under it.
final class AppliedPosition implements AutoCloseable {
    private volatile LogPosition position;

    @GuardedBy("this")
    private boolean closed;

    AppliedPosition(LogPosition position) {
        this.position = position;
    }

    LogPosition get() {
        return position;
    }

    synchronized void publish(LogPosition next) {
        position = next;
        notifyAll();
    }

    /// Waits until an index is applied.
    ///
    /// @return whether it is; false at the timeout
    /// @throws QuernException `UNAVAILABLE` if the log is closed or the thread interrupted
    synchronized boolean await(long index, Duration timeout) {
        long start = System.nanoTime();
        while (position.index() < index) {
            requireOpen();
            long left = timeout.minusNanos(System.nanoTime() - start).toMillis();
            if (left <= 0) {
                return false;
            }
            try {
                wait(left);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new QuernException(
                        ErrorKind.UNAVAILABLE,
                        "interrupted while waiting for log entry " + index,
                        e);
            }
        }
        requireOpen();
        return true;
    }

    @GuardedBy("this")
    private void requireOpen() {
        if (closed) {
            throw closedError();
        }
    }

    static QuernException closedError() {
        return new QuernException(ErrorKind.UNAVAILABLE, "meta log is closed");
    }

    /// Ends all waiting.
    @Override
    public synchronized void close() {
        closed = true;
        notifyAll();
    }
}
