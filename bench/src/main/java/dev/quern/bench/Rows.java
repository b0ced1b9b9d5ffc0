package dev.quern.bench;

import dev.quern.client.flight.VectorRow;
import dev.quern.common.wire.RowBody;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/// Rows made from a seed: clustered vectors of length 1, as embeddings are.
final class Rows {
    static final int DIMS = 384;

    private static final int CLUSTERS = 256;
    private static final double SPREAD = 0.6;

    private Rows() {}

    static List<RowBody> synthetic(int first, int count) {
        List<RowBody> rows = new ArrayList<>(count);
        for (int i = first; i < first + count; i++) {
            rows.add(new RowBody("r" + i, "row number " + i, vector(i), Map.of("n", (long) i)));
        }
        return rows;
    }

    static VectorRow forFlight(int number) {
        return new VectorRow(
                "r" + number, "row number " + number, Map.of("n", (long) number), floats(number));
    }

    private static List<Float> vector(long seed) {
        List<Float> boxed = new ArrayList<>(DIMS);
        for (float value : floats(seed)) {
            boxed.add(value);
        }
        return boxed;
    }

    private static float[] floats(long seed) {
        Random random = new Random(seed);
        Random center = new Random(seed % CLUSTERS + 1_000_000_007L);
        double[] values = new double[DIMS];
        double norm = 0;
        for (int i = 0; i < DIMS; i++) {
            values[i] = center.nextGaussian() + SPREAD * random.nextGaussian();
            norm += values[i] * values[i];
        }
        float[] vector = new float[DIMS];
        for (int i = 0; i < DIMS; i++) {
            vector[i] = (float) (values[i] / Math.sqrt(norm));
        }
        return vector;
    }
}
