package dev.quern.vector.fused;

import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/// Random numbers of these tests; `-Dquern.test.seed` repeats a run.
final class FusedSeed {
    private FusedSeed() {}

    interface Body {
        void run(RandomGenerator random) throws Exception;
    }

    static void run(Body body) {
        long seed = Long.getLong("quern.test.seed", System.nanoTime());
        try {
            body.run(RandomGeneratorFactory.of("L64X128MixRandom").create(seed));
        } catch (Exception | AssertionError e) {
            throw new AssertionError(
                    "failed with seed " + seed + "; rerun: ./quern test unit --seed " + seed, e);
        }
    }

    static float[] gaussian(RandomGenerator random, float[] around, double spread) {
        float[] vector = new float[around.length];
        for (int i = 0; i < vector.length; i++) {
            vector[i] = (float) (around[i] + random.nextGaussian() * spread);
        }
        return vector;
    }

    /// Vectors in clusters, the lengths of which differ.
    static float[][] clustered(RandomGenerator random, int count, int dims, int clusters) {
        float[][] centres = new float[clusters][];
        for (int i = 0; i < clusters; i++) {
            centres[i] = gaussian(random, new float[dims], 1);
        }
        float[][] vectors = new float[count][];
        for (int i = 0; i < count; i++) {
            vectors[i] = gaussian(random, centres[random.nextInt(clusters)], 0.4);
        }
        return vectors;
    }
}
