package dev.quern.function;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.random.RandomGenerator;

/// Makes a random source safe for several threads.
final class LockedRandom implements RandomGenerator {
    @GuardedBy("this")
    private final RandomGenerator source;

    LockedRandom(RandomGenerator source) {
        this.source = source;
    }

    @Override
    public synchronized long nextLong() {
        return source.nextLong();
    }
}
