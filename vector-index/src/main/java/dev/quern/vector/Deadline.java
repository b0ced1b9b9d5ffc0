package dev.quern.vector;

import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.apache.lucene.index.QueryTimeout;

/// When a search has to answer with what it has. Thread-safe.
final class Deadline implements QueryTimeout {
    private static final long MAX_TIMEOUT_MILLIS = 600_000;

    private final LongSupplier nanos;
    private final long start;
    private final long allowedNanos;

    private Deadline(LongSupplier nanos, long allowedNanos) {
        this.nanos = nanos;
        this.start = nanos.getAsLong();
        this.allowedNanos = allowedNanos;
    }

    /// Begins now.
    ///
    /// @param timeout 1 ms to 10 minutes; empty: never
    /// @param nanos a clock such as [System#nanoTime]
    /// @throws dev.quern.common.QuernException `INVALID` for another timeout
    static Deadline after(Optional<Duration> timeout, LongSupplier nanos) {
        timeout.ifPresent(
                t -> Search.requireBetween("timeout in ms", t.toMillis(), 1, MAX_TIMEOUT_MILLIS));
        return new Deadline(nanos, timeout.map(Duration::toNanos).orElse(Long.MAX_VALUE));
    }

    /// The time that is left, zero when it is over.
    ///
    /// @param unbounded what it is when there is no deadline
    Duration left(Duration unbounded) {
        return allowedNanos == Long.MAX_VALUE
                ? unbounded
                : Duration.ofNanos(Math.max(0, allowedNanos - (nanos.getAsLong() - start)));
    }

    @Override
    public boolean shouldExit() {
        return allowedNanos != Long.MAX_VALUE && nanos.getAsLong() - start >= allowedNanos;
    }
}
