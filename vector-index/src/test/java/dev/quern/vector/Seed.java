package dev.quern.vector;

import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/// Runs a random test so that a failure names the seed that repeats it.
final class Seed {
    private Seed() {}

    interface Body {
        void run(RandomGenerator random) throws Exception;
    }

    static void run(Body body) {
        long seed = Long.getLong("quern.test.seed", System.nanoTime());
        try {
            body.run(random(seed));
        } catch (Exception | AssertionError e) {
            throw new AssertionError(
                    "failed with seed " + seed + "; rerun: ./quern test unit --seed " + seed, e);
        }
    }

    static RandomGenerator random(long seed) {
        return RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    }
}
