package dev.quern.vector;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.HexFormat;
import java.util.random.RandomGenerator;

/// Makes ids of collections and commits: 16 random hex digits. Thread-safe, whatever the generator
/// is.
final class IdSource {
    @GuardedBy("this")
    private final RandomGenerator random;

    IdSource(RandomGenerator random) {
        this.random = random;
    }

    synchronized String next() {
        return HexFormat.of().toHexDigits(random.nextLong());
    }
}
