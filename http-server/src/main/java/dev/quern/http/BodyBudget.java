package dev.quern.http;

import dev.quern.common.ByteSize;
import dev.quern.common.QuernException;
import java.util.concurrent.atomic.AtomicLong;

/// Bounds the bodies that are held in memory at once, over all requests. Thread-safe.
final class BodyBudget {
    private final long limitBytes;
    private final AtomicLong takenBytes = new AtomicLong();

    BodyBudget(ByteSize limit) {
        this.limitBytes = limit.bytes();
    }

    /// @throws QuernException `EXHAUSTED` if other requests hold too much of it
    void take(long bytes) {
        long taken = takenBytes.addAndGet(bytes);
        if (taken > limitBytes) {
            takenBytes.addAndGet(-bytes);
            throw QuernException.exhausted(
                    "request bodies in memory are at their bound of "
                            + limitBytes
                            + " bytes; retry, or send less at once",
                    500);
        }
    }

    void give(long bytes) {
        takenBytes.addAndGet(-bytes);
    }

    long takenBytes() {
        return takenBytes.get();
    }
}
