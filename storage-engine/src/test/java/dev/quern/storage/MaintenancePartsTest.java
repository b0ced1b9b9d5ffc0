package dev.quern.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ByteSize;
import dev.quern.common.QuernException;
import dev.quern.storage.CompactionPlanner.PackStat;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class MaintenancePartsTest {
    @TempDir Path directory;

    @Test
    void fingerprintsAreASet() {
        FingerprintSet set = new FingerprintSet();
        Set<ChunkId> expected = new HashSet<>();
        Random random = new Random(7);
        expected.add(new ChunkId("0".repeat(64)));
        while (expected.size() < 5000) {
            byte[] id = new byte[32];
            random.nextBytes(id);
            expected.add(ChunkId.of(id));
        }
        expected.forEach(id -> assertThat(set.contains(id)).isFalse());
        expected.forEach(id -> assertThat(set.add(id)).isTrue());
        expected.forEach(id -> assertThat(set.add(id)).isFalse());
        expected.forEach(id -> assertThat(set.contains(id)).isTrue());
        assertThat(set.size()).isEqualTo(5000);
    }

    @Test
    void rateHoldsAfterABurst() {
        AtomicLong nanos = new AtomicLong();
        RateLimit rate = new RateLimit(1000, nanos::get, nanos::addAndGet);
        rate.take(1000);
        assertThat(nanos.get()).isZero();
        for (int i = 0; i < 50; i++) {
            rate.take(100);
        }
        assertThat(nanos.get()).isBetween(4_900_000_000L, 5_100_000_000L);
        nanos.addAndGet(60_000_000_000L);
        long before = nanos.get();
        rate.take(1000);
        assertThat(nanos.get()).isEqualTo(before);
    }

    @Test
    void plansPacksThatAreMostlyDead() {
        List<PackStat> packs =
                List.of(
                        pack(1, 100, 51, 3),
                        pack(2, 100, 50, 3),
                        pack(3, 100, 10, 1),
                        pack(4, 100, 0, 0),
                        pack(5, 0, 0, 0));
        assertThat(plan(packs, Set.of())).containsExactly(4L, 5L, 3L, 2L);
        assertThat(plan(packs, Set.of(3L, 4L))).containsExactly(4L, 5L, 2L);
    }

    @Test
    void plansSmallPacksOnceThereAreFour() {
        PackStat full = pack(9, 100, 90, 5);
        List<PackStat> three =
                List.of(full, pack(1, 24, 20, 1), pack(2, 24, 21, 1), pack(3, 24, 22, 1));
        assertThat(plan(three, Set.of())).isEmpty();
        List<PackStat> four = new java.util.ArrayList<>(three);
        four.add(pack(4, 10, 9, 1));
        assertThat(plan(four, Set.of())).containsExactly(4L, 1L, 2L, 3L);
        assertThat(plan(four, Set.of(4L))).isEmpty();
    }

    @Test
    void leavesSmallRunsApart() {
        List<PackStat> runs = new java.util.ArrayList<>();
        for (int i = 1; i < 9; i++) {
            runs.add(new PackStat(i, true, 10, 9, 1));
        }
        assertThat(plan(runs, Set.of())).isEmpty();
        runs.add(new PackStat(9, true, 10, 4, 1));
        assertThat(plan(runs, Set.of())).containsExactly(9L);
    }

    private static PackStat pack(long id, long fileBytes, long liveBytes, long chunks) {
        return new PackStat(id, false, fileBytes, liveBytes, chunks);
    }

    private static List<Long> plan(List<PackStat> packs, Set<Long> damaged) {
        return CompactionPlanner.plan(packs, 100, damaged).stream().map(PackStat::id).toList();
    }

    @Test
    void runsWhatIsDueByItself() {
        AtomicLong now = new AtomicLong(5_000_000);
        try (StorageEngine engine = Engines.open(directory)) {
            Chunks.put(engine.chunks(), Chunks.bytes(1, 100));
            engine.chunks().sync();
            MaintenanceConfig config =
                    new MaintenanceConfig(
                            Duration.ofHours(1),
                            Duration.ZERO,
                            Duration.ofMinutes(5),
                            ByteSize.ofMebibytes(1));
            MaintenanceLoop loop = new MaintenanceLoop(engine.maintenance(), config, now::get);
            loop.tick();
            assertThat(engine.chunks().stats().chunks()).isEqualTo(1);
            now.addAndGet(Duration.ofMinutes(10).toMillis());
            loop.tick();
            now.addAndGet(Duration.ofMinutes(59).toMillis());
            loop.tick();
            assertThat(engine.chunks().stats().chunks()).isEqualTo(1);
            now.addAndGet(Duration.ofMinutes(1).toMillis());
            loop.tick();
            assertThat(engine.chunks().stats().chunks()).isZero();
        }
    }

    @Test
    void startsAndEndsWithTheEngine() {
        try (StorageEngine engine = Engines.open(directory)) {
            engine.maintenance().start(MaintenanceConfig.defaults());
            assertThatThrownBy(() -> engine.maintenance().start(MaintenanceConfig.defaults()))
                    .isInstanceOf(QuernException.class);
        }
        assertThat(Thread.getAllStackTraces().keySet())
                .noneMatch(thread -> thread.getName().equals("quern-maintenance"));
    }

    @Test
    void refusesSettingsOutOfBounds() {
        assertThatThrownBy(() -> GcRequest.defaults().withGrace(Duration.ofSeconds(-1)))
                .hasMessageContaining("grace must be");
        assertThatThrownBy(() ->
                        new MaintenanceConfig(
                                Duration.ZERO,
                                Duration.ZERO,
                                Duration.ofMinutes(5),
                                new ByteSize(0)))
                .hasMessageContaining("gc interval");
    }
}
