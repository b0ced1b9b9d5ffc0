package dev.quern.vector.fused;

import com.google.errorprone.annotations.MustBeClosed;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.lucene.util.IORunnable;

/// The memory outside the heap that graphs may take while they are built, all together. A build
/// that finds too little left waits for others to end; one that needs more than there is, is not
/// begun. A build takes its memory at once and waits for no other memory, so that none waits for
/// ever. Thread-safe.
public final class BuildMemory {
    private static final long CHECK_MILLIS = 50;

    private final long limitBytes;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition freed = lock.newCondition();
    private final AtomicLong usedBytes = new AtomicLong();

    /// @param limitBytes 0 or more
    public BuildMemory(long limitBytes) {
        if (limitBytes < 0) {
            throw new IllegalArgumentException("limit must be 0 or more, got " + limitBytes);
        }
        this.limitBytes = limitBytes;
    }

    /// What all builds together may take.
    public long limitBytes() {
        return limitBytes;
    }

    /// What they take now.
    public long usedBytes() {
        return usedBytes.get();
    }

    /// A part of the memory, until it is closed.
    final class Lease implements AutoCloseable {
        private final long bytes;

        private Lease(long bytes) {
            this.bytes = bytes;
        }

        @Override
        public void close() {
            lock.lock();
            try {
                usedBytes.addAndGet(-bytes);
                freed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    /// Takes a part, as soon as there is so much.
    ///
    /// @param bytes at most the limit
    /// @param checkpoint called while waiting; throws to stop
    @MustBeClosed
    Lease take(long bytes, IORunnable checkpoint) throws IOException {
        if (bytes > limitBytes) {
            throw new IllegalArgumentException(bytes + " bytes of at most " + limitBytes);
        }
        lock.lock();
        try {
            while (usedBytes.get() > limitBytes - bytes) {
                checkpoint.run();
                var _ = freed.await(CHECK_MILLIS, TimeUnit.MILLISECONDS);
            }
            usedBytes.addAndGet(bytes);
            return new Lease(bytes);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for memory to build in", e);
        } finally {
            lock.unlock();
        }
    }
}
