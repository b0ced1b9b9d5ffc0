package dev.quern.vector;

import static dev.quern.vector.Rig.NAME;
import static dev.quern.vector.Rig.SPACE;
import static dev.quern.vector.Rig.row;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.ByteSize;
import dev.quern.storage.GcReport;
import dev.quern.storage.GcRequest;
import dev.quern.storage.MemoryChunkStore;
import dev.quern.storage.MemoryMetaLog;
import dev.quern.storage.RecordedRequires;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CollectionRootsTest {
    private static final int DIMS = 64;

    @TempDir Path directory;

    /// Runs twice, so that all garbage is gone.
    private static GcReport collect(Rig rig) {
        GcRequest now = GcRequest.defaults().withGrace(Duration.ZERO);
        rig.maintenance().gc(now);
        GcReport report = rig.maintenance().gc(now);
        assertThat(report.spaces()).allMatch(space -> space.problem().isEmpty());
        return report;
    }

    private static long live(GcReport report) {
        return report.spaces().stream().mapToLong(space -> space.live().chunks()).sum();
    }

    private static List<Row> rows(int from, int count) {
        List<Row> rows = new ArrayList<>();
        for (int i = from; i < from + count; i++) {
            float[] vector = new float[DIMS];
            vector[i % DIMS] = i + 1;
            rows.add(row("r" + i, vector));
        }
        return rows;
    }

    @Test
    void everythingIsThereAfterEachCollection() {
        Seed.run(random -> {
            try (Rig rig = new Rig(directory, Rig.Stores.REAL, Rig.checkpointEvery(700))) {
                rig.create(DIMS, Metric.L2);
                Set<String> expected = new TreeSet<>();
                int next = 0;
                for (int step = 0; step < 12; step++) {
                    int count = random.nextInt(4) == 0 ? 500 : 1 + random.nextInt(20);
                    rig.write(WriteBatch.upsert(rows(next, count)));
                    for (int i = next; i < next + count; i++) {
                        expected.add("r" + i);
                    }
                    next += count;
                    String gone = "r" + random.nextInt(next);
                    rig.write(WriteBatch.delete(List.of(gone)));
                    expected.remove(gone);
                    collect(rig);
                    if (step % 4 == 3) {
                        rig.loseCache();
                    }
                }
                rig.loseCache();
                collect(rig);
                assertThat(rig.rows()).isEqualTo(expected.size());
                for (String id : expected) {
                    assertThat(rig.find(id)).isPresent();
                }
                assertThat(rig.maintenance().fsck(new ByteSize(0)).isClean()).isTrue();
                rig.service().delete(SPACE, NAME);
                assertThat(live(collect(rig))).isZero();
            }
        });
    }

    @Test
    void dropsWhatACheckpointNoLongerNames() throws IOException {
        try (Rig rig = new Rig(directory, Rig.Stores.REAL, Rig.checkpointEvery(100_000))) {
            rig.create(DIMS, Metric.L2);
            rig.write(WriteBatch.upsert(rows(0, 2000)));
            assertThat(live(collect(rig))).isEqualTo(1);
            rig.restart(); // saves a checkpoint, which takes the place of the write
            assertThat(live(collect(rig))).isGreaterThan(1);
            rig.loseCache();
            assertThat(rig.rows()).isEqualTo(2000);
        }
    }

    @Test
    void reportsEveryChunkThatATransactionRequired() {
        MemoryChunkStore chunks = new MemoryChunkStore();
        RecordedRequires recorded = new RecordedRequires();
        CollectionConfig config =
                Rig.checkpointEvery(100_000)
                        .apply(CollectionConfig.defaults(directory.resolve("cache")));
        try (CollectionService service =
                new CollectionService(
                        chunks,
                        recorded.on(new MemoryMetaLog(chunks)),
                        InstantSource.system(),
                        Seed.random(1),
                        config)) {
            service.create(
                    SPACE, new CollectionSpec(NAME, DIMS, Metric.L2, Optional.empty()), false);
            for (int i = 0; i < 5; i++) {
                service.write(SPACE, NAME, WriteBatch.upsert(rows(i * 500, 500)));
            }
            assertThat(recorded.required()).hasSize(5);
            assertThat(RecordedRequires.reported(service.roots(), chunks, SPACE))
                    .isEqualTo(recorded.required());
        }
    }
}
