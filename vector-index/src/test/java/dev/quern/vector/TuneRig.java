package dev.quern.vector;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;

/// A collection whose rows lie near a subspace of few dimensions, as embeddings do, or, with as
/// many as the vectors have, nowhere in particular, which is hard for any graph.
final class TuneRig implements AutoCloseable {
    static final int DIMS = 48;

    private static final double NOISE = 0.05;

    private final Rig rig;
    private final RandomGenerator random;
    private final float[][] basis;
    private final Map<String, Row> staged = new LinkedHashMap<>();

    /// @param latent dimensions of the subspace
    TuneRig(Path directory, RandomGenerator random, int latent, Metric metric) {
        this.random = random;
        this.basis = new float[latent][];
        for (int i = 0; i < latent; i++) {
            basis[i] = gaussian(DIMS);
        }
        this.rig =
                new Rig(
                        directory,
                        Rig.Stores.FAKE,
                        Rig.with(Map.of("search", SearchConfig.defaults().comparing(100))));
        rig.create(DIMS, metric);
    }

    Rig rig() {
        return rig;
    }

    CollectionTuning tuning() {
        return rig.service().tuning();
    }

    private float[] gaussian(int length) {
        float[] vector = new float[length];
        for (int i = 0; i < length; i++) {
            vector[i] = (float) random.nextGaussian();
        }
        return vector;
    }

    /// A vector like those of the rows.
    float[] vector() {
        if (basis.length == DIMS) {
            return gaussian(DIMS);
        }
        float[] vector = gaussian(DIMS);
        for (int i = 0; i < DIMS; i++) {
            vector[i] *= (float) NOISE;
        }
        for (float[] direction : basis) {
            double length = random.nextGaussian();
            for (int i = 0; i < DIMS; i++) {
                vector[i] += (float) (length * direction[i]);
            }
        }
        return vector;
    }

    /// Writes rows of these numbers, with new vectors.
    void write(int from, int to) {
        List<Row> rows = new ArrayList<>();
        for (int i = from; i < to; i++) {
            rows.add(Rig.row("r" + i, "", Map.of("n", i), vector()));
        }
        rig.write(WriteBatch.upsert(rows));
    }

    /// Has a row of this number, with a new vector, be part of the next write.
    void stage(int number) {
        staged.put("r" + number, Rig.row("r" + number, vector()));
    }

    /// Writes what was staged, and deletes rows that are there.
    void write(List<String> deletes) {
        deletes.forEach(staged::remove);
        rig.write(new WriteBatch(List.copyOf(staged.values()), deletes, Optional.empty()));
        staged.clear();
    }

    /// Writes so many rows and builds their graph.
    void fill(int rows) throws InterruptedException {
        write(0, rows);
        assertThat(rig.settle().fusedRows()).isEqualTo(rows);
    }

    FieldTuning tune(TuneSpec spec) {
        return tuning().tune(Rig.SPACE, Rig.NAME, spec).firstEntry().getValue();
    }

    /// How a search without a width of its own walks.
    SearchOutcome.Width width() {
        return width(SearchSpec.dense(vector(), 10));
    }

    SearchOutcome.Width width(SearchSpec spec) {
        return rig.search(spec).plans().getFirst().width().orElseThrow();
    }

    /// The recall@10 of searches without a width of their own, by new queries.
    double recall(int queries) {
        int found = 0;
        for (int i = 0; i < queries; i++) {
            float[] query = vector();
            Set<String> nearest = new HashSet<>(ids(query, true));
            nearest.retainAll(ids(query, false));
            found += nearest.size();
        }
        return found / (10.0 * queries);
    }

    private List<String> ids(float[] query, boolean exact) {
        return rig.ids(
                SearchSpec.of(List.of(new Leg.Dense(query, exact)), Optional.empty(), 10)
                        .withIdsOnly());
    }

    @Override
    public void close() {
        rig.close();
    }
}
