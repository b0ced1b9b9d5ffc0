package dev.quern.vector;

import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.apache.lucene.index.QueryTimeout;

/// When a search has to answer with what it has. Thread-safe.
final class Deadline implements QueryTimeout {
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
    /// @param timeout empty: never
    /// @param nanos a clock such as [System#nanoTime]
    static Deadline after(Optional<Duration> timeout, LongSupplier nanos) {
        return new Deadline(nanos, timeout.map(Duration::toNanos).orElse(Long.MAX_VALUE));
    }

    @Override
    public boolean shouldExit() {
        return allowedNanos != Long.MAX_VALUE && nanos.getAsLong() - start >= allowedNanos;
    }
}
