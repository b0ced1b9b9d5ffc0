package dev.quern.vector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.vector.FieldTuning.Outcome;
import dev.quern.vector.SearchOutcome.WidthSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Recall at the tuned width while rows are replaced, with merges in between: a tenth of them a
/// round, half by new vectors under the old ids, half by deletes and rows of new ids.
final class ChurnRecallTest {
    private static final int ROWS = 6_000;
    private static final int ROUNDS = 10;
    private static final int QUERIES = 60;
    private static final double MIN_RECALL = 0.95;

    @TempDir Path directory;

    @Test
    void holdsThroughTenRoundsOfReplacingATenth() {
        Seed.run(random -> {
            try (TuneRig data = new TuneRig(directory, random, 12, Metric.COSINE)) {
                data.fill(ROWS);
                // What is to hold for other queries, too, is asked for with a margin.
                TuneSpec usual = TuneSpec.defaults();
                FieldTuning tuned =
                        data.tune(
                                new TuneSpec(
                                        usual.field(),
                                        0.97,
                                        usual.k(),
                                        usual.queries(),
                                        usual.maxWidth(),
                                        usual.timeout(),
                                        true));
                assertThat(tuned.outcome()).isEqualTo(Outcome.REACHED);
                List<Integer> alive = new ArrayList<>();
                for (int i = 0; i < ROWS; i++) {
                    alive.add(i);
                }
                int next = ROWS;
                for (int round = 1; round <= ROUNDS; round++) {
                    next = replace(data, alive, next, random);
                    assertThat(data.width().source()).isEqualTo(WidthSource.TUNED);
                    assertThat(data.recall(QUERIES))
                            .as("after round %s, not merged", round)
                            .isGreaterThanOrEqualTo(MIN_RECALL);
                    data.rig().settle();
                    assertThat(data.recall(QUERIES))
                            .as("after round %s", round)
                            .isGreaterThanOrEqualTo(MIN_RECALL);
                }
                assertThat(data.rig().rows()).isEqualTo(ROWS);
            }
        });
    }

    /// @param next number of the next new row
    /// @return the number of the next after these
    private static int replace(
            TuneRig data, List<Integer> alive, int next, RandomGenerator random) {
        List<String> deletes = new ArrayList<>();
        int half = ROWS / 20;
        for (int i = 0; i < half; i++) {
            int at = random.nextInt(alive.size());
            data.stage(alive.get(at));
            int gone = random.nextInt(alive.size());
            deletes.add("r" + alive.get(gone));
            alive.set(gone, next + i);
            data.stage(next + i);
        }
        data.write(deletes);
        return next + half;
    }
}
