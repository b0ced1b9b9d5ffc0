package dev.quern.storage;

import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/// A token bucket of bytes that holds one second's worth: after a burst of that size, work goes on
/// at the rate. Not thread-safe.
final class RateLimit {
    private static final double NANOS_PER_SECOND = 1e9;

    private final double bytesPerSecond;
    private final LongSupplier nanoTime;
    private final LongConsumer parkNanos;
    private double availableBytes;
    private long lastNanos;

    /// @param bytesPerSecond 0 for no limit
    RateLimit(long bytesPerSecond, LongSupplier nanoTime, LongConsumer parkNanos) {
        this.bytesPerSecond = (double) bytesPerSecond;
        this.nanoTime = nanoTime;
        this.parkNanos = parkNanos;
        this.availableBytes = this.bytesPerSecond;
        this.lastNanos = nanoTime.getAsLong();
    }

    /// By this machine's clock.
    static RateLimit of(long bytesPerSecond) {
        return new RateLimit(bytesPerSecond, System::nanoTime, LockSupport::parkNanos);
    }

    /// Counts bytes that were worked on, and waits until the next may be. An interrupt ends the
    /// waiting.
    void take(long bytes) {
        if (bytesPerSecond == 0) {
            return;
        }
        availableBytes -= bytes;
        refill();
        while (availableBytes < 0 && !Thread.currentThread().isInterrupted()) {
            parkNanos.accept((long) Math.ceil(-availableBytes / bytesPerSecond * NANOS_PER_SECOND));
            refill();
        }
    }

    private void refill() {
        long now = nanoTime.getAsLong();
        double earned = (double) (now - lastNanos) / NANOS_PER_SECOND * bytesPerSecond;
        availableBytes = Math.min(availableBytes + earned, bytesPerSecond);
        lastNanos = now;
    }
}
