package dev.quern.vector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.ByteSize;
import dev.quern.vector.SearchOutcome.Strategy;
import dev.quern.vector.fused.HotMemory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Many collections share one bound on hot memory.
final class HotMemoryTest {
    private static final int COLLECTIONS = 4;
    private static final int DIMS = 8;
    private static final int ROWS = 5_200;

    /// So many of the graphs fit: 5,200 blocks of 896 bytes take 4.4 MiB.
    private static final int FITTING = 2;

    private static final ByteSize BOUND = ByteSize.ofMebibytes(10);

    @TempDir Path directory;

    @AfterEach
    void restore() {
        HotMemory.limit(Runtime.getRuntime().maxMemory() / 2);
    }

    /// Other tests leave services that crashed, and their graphs, behind in this process.
    private final long before = HotMemory.usedBytes();

    private CollectionConfig bounded(CollectionConfig c) {
        return Rig.with(
                        Map.of(
                                "exactScanRows",
                                100,
                                "hotMemory",
                                new ByteSize(before + BOUND.bytes()),
                                "idleMerge",
                                Duration.ofHours(1)))
                .apply(c);
    }

    @Test
    void holdsTheGraphsThatFitAndServesTheOthersFromTheFile() {
        Seed.run(random -> {
            try (Rig rig = new Rig(directory, Rig.Stores.FAKE, this::bounded)) {
                CollectionService service = rig.service();
                Map<String, List<Row>> all = new HashMap<>();
                for (int i = 0; i < COLLECTIONS; i++) {
                    all.put("c" + i, fill(service, "c" + i, random));
                }
                search(service, all);
                assertThat(hot(service, all)).isEqualTo(FITTING * ROWS);
                assertThat(HotMemory.usedBytes() - before).isBetween(1L, BOUND.bytes());

                // What one lets go of, another takes.
                String first =
                        all.keySet().stream()
                                .filter(name -> service.stats(Rig.SPACE, name).hotRows() > 0)
                                .findFirst()
                                .orElseThrow();
                service.delete(Rig.SPACE, first);
                all.remove(first);
                search(service, all);
                assertThat(hot(service, all)).isEqualTo(FITTING * ROWS);
                assertThat(HotMemory.usedBytes() - before).isBetween(1L, BOUND.bytes());
            }
            assertThat(HotMemory.usedBytes()).isEqualTo(before);
        });
    }

    private static long hot(CollectionService service, Map<String, List<Row>> all) {
        return all.keySet().stream()
                .mapToLong(name -> service.stats(Rig.SPACE, name).hotRows())
                .sum();
    }

    /// Finds some rows of every collection by their own vectors, often enough for all to be copied.
    private static void search(CollectionService service, Map<String, List<Row>> all) {
        all.forEach((name, rows) -> {
            for (int i = 0; i < ROWS; i += ROWS / 20) {
                SearchOutcome outcome =
                        service.search(Rig.SPACE, name, SearchSpec.dense(rows.get(i).vector(), 1));
                assertThat(outcome.plans().getFirst().strategy()).isEqualTo(Strategy.GRAPH);
                assertThat(outcome.hits().getFirst().row().id()).isEqualTo("r" + i);
            }
        });
    }

    private static List<Row> fill(CollectionService service, String name, RandomGenerator random)
            throws InterruptedException {
        service.create(
                Rig.SPACE, new CollectionSpec(name, DIMS, Metric.L2, Optional.empty()), false);
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < ROWS; i++) {
            float[] vector = new float[DIMS];
            for (int d = 0; d < DIMS; d++) {
                vector[d] = (float) random.nextGaussian();
            }
            rows.add(Rig.row("r" + i, vector));
        }
        service.write(Rig.SPACE, name, WriteBatch.upsert(rows));
        Rig.settle(service, name);
        assertThat(service.stats(Rig.SPACE, name).fusedRows()).isEqualTo(ROWS);
        return rows;
    }
}
