package dev.quern.function;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.random.RandomGenerator;

/// Makes call ids that sort by creation, also within a millisecond and when the clock steps back.
/// Thread-safe.
final class CallIds {
    private final InstantSource clock;
    private final RandomGenerator random;

    /// 48 bits of milliseconds, 16 bits of counter.
    @GuardedBy("this")
    private long last;

    CallIds(InstantSource clock, RandomGenerator random) {
        this.clock = clock;
        this.random = random;
    }

    synchronized CallId next() {
        last = Math.max(last + 1, clock.millis() << 16);
        HexFormat hex = HexFormat.of();
        return new CallId(hex.toHexDigits(last) + hex.toHexDigits(random.nextLong()));
    }
}
