package dev.quern.volume;

import java.util.Random;

/// Seeds of random tests.
final class Seeds {
    private Seeds() {}

    /// The seed that `-Dquern.test.seed` gives, else a new one; prints how to repeat the run.
    static long next(String test) {
        long seed = Long.getLong("quern.test.seed", new Random().nextInt(Integer.MAX_VALUE));
        System.err.println("rerun: ./quern test unit --seed " + seed + " (" + test + ")");
        return seed;
    }
}
