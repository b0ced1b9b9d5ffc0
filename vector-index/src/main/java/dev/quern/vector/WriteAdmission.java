package dev.quern.vector;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.QuernException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;

/// Bounds the writes in progress over all collections, by number and by framed bytes. Thread-safe.
final class WriteAdmission {
    private static final long RETRY_AFTER_MILLIS = 100;

    private final int maxWrites;
    private final long maxBytes;
    private final Semaphore writes;
    private final AtomicLong bytes = new AtomicLong();

    WriteAdmission(int maxWrites, long maxBytes) {
        this.maxWrites = maxWrites;
        this.maxBytes = maxBytes;
        this.writes = new Semaphore(maxWrites);
    }

    /// The place of a write, and the room of its frame. Closing it gives both back. Not
    /// thread-safe.
    final class Place implements AutoCloseable {
        private long reserved;

        private Place() {}

        /// Takes room for the write's frame.
        ///
        /// @throws QuernException `INVALID` if the frame is over the bound on its own; `EXHAUSTED`
        ///   when the room is taken
        void reserve(long frameBytes) {
            WriteAdmission.this.reserve(frameBytes);
            reserved += frameBytes;
        }

        @Override
        public void close() {
            bytes.addAndGet(-reserved);
            writes.release();
        }
    }

    /// The most bytes of a frame.
    long maxBytes() {
        return maxBytes;
    }

    /// Takes a place for a write.
    ///
    /// @throws QuernException `EXHAUSTED` when all places are taken
    @MustBeClosed
    Place enter() {
        if (!writes.tryAcquire()) {
            throw QuernException.exhausted(
                    maxWrites + " writes to collections are in progress, the bound is reached",
                    RETRY_AFTER_MILLIS);
        }
        return new Place();
    }

    private void reserve(long frameBytes) {
        if (frameBytes > maxBytes) {
            throw QuernException.invalid(
                    "write batch takes "
                            + frameBytes
                            + " bytes, the bound is "
                            + maxBytes
                            + ": split it");
        }
        if (bytes.addAndGet(frameBytes) > maxBytes) {
            bytes.addAndGet(-frameBytes);
            throw QuernException.exhausted(
                    "writes to collections that are in progress hold "
                            + maxBytes
                            + " bytes, the bound is reached",
                    RETRY_AFTER_MILLIS);
        }
    }
}
