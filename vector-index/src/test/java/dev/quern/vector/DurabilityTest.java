package dev.quern.vector;

import static dev.quern.vector.Rig.NAME;
import static dev.quern.vector.Rig.SPACE;
import static dev.quern.vector.Rig.assertKind;
import static dev.quern.vector.Rig.row;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.storage.ChunkId;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.apache.lucene.util.IOUtils;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class DurabilityTest {
    @TempDir Path directory;

    private @Nullable Rig opened;

    private Rig rig(Rig.Stores stores, long checkpointRows) {
        opened = new Rig(directory, stores, Rig.checkpointEvery(checkpointRows));
        return opened;
    }

    @AfterEach
    void close() {
        if (opened != null) {
            opened.close();
        }
    }

    @ParameterizedTest
    @EnumSource
    void survivesRestartCrashAndLossOfTheCache(Rig.Stores stores) throws IOException {
        Rig rig = rig(stores, 1_000);
        rig.create(2, Metric.L2);
        rig.upsert(row("a", "alpha", Map.of("n", 1), 1, 2));
        rig.restart();
        assertThat(rig.rows()).isEqualTo(1);
        rig.upsert(row("b", "beta", Map.of("n", 2), 3, 4));
        rig.crash();
        assertThat(rig.ids(SearchSpec.dense(new float[] {3, 4}, 10))).containsExactly("b", "a");
        rig.upsert(row("c", "gamma", Map.of("n", 3), 5, 6));
        rig.loseCache();
        assertThat(rig.ids(SearchSpec.dense(new float[] {5, 6}, 10)))
                .containsExactly("c", "b", "a");
        assertThat(rig.ids(SearchSpec.bm25("beta", 10))).containsExactly("b");
        assertThat(rig.matching(new Filter.Eq("n", 3L), 1, 1)).containsExactly("c");
        rig.write(WriteBatch.delete(List.of("a", "b", "c")));
        rig.crash();
        assertThat(rig.rows()).isZero();
    }

    @ParameterizedTest
    @EnumSource
    void bigBatchTravelsAsChunks(Rig.Stores stores) throws IOException {
        Rig rig = rig(stores, 100_000);
        rig.create(512, Metric.L2);
        float[] vector = new float[512];
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < 9_000; i++) {
            vector[0] = i;
            rows.add(row("r" + i, vector.clone()));
        }
        assertThat(rig.write(WriteBatch.upsert(rows)).upserted()).isEqualTo(9_000);
        assertThat(rig.tailFacts()).isEqualTo(1);
        rig.crash();
        assertThat(rig.rows()).isEqualTo(9_000);
        vector[0] = 4_321.2f;
        assertThat(rig.ids(SearchSpec.dense(vector, 1))).containsExactly("r4321");
    }

    @ParameterizedTest
    @EnumSource
    void checkpointCutsTheTail(Rig.Stores stores) throws IOException, InterruptedException {
        Rig rig = rig(stores, 100);
        rig.create(2, Metric.L2);
        for (int i = 0; i < 100; i++) {
            rig.upsert(row("r" + i, i, i));
        }
        await(() -> rig.tailFacts() < 100);
        rig.upsert(row("more", 0, 1));
        rig.crash();
        assertThat(rig.rows()).isEqualTo(101);
        rig.restart();
        assertThat(rig.tailFacts()).isZero();
        rig.loseCache();
        assertThat(rig.rows()).isEqualTo(101);
        assertThat(rig.ids(SearchSpec.dense(new float[] {57, 57}, 1))).containsExactly("r57");
    }

    private interface Check {
        boolean holds();
    }

    /// Whether there was room for a row.
    private static boolean accepts(Rig rig, Row row) {
        try {
            rig.upsert(row);
            return true;
        } catch (QuernException e) {
            assertThat(e.kind()).isEqualTo(ErrorKind.EXHAUSTED);
            return false;
        }
    }

    private static void await(Check check) throws InterruptedException {
        long deadline = System.nanoTime() + 20_000_000_000L;
        Object never = new Object();
        while (!check.holds()) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            synchronized (never) {
                never.wait(10);
            }
        }
    }

    @Test
    void onlyNewFilesAreSaved() {
        Rig rig = rig(Rig.Stores.FAKE, 1_000);
        rig.create(256, Metric.L2);
        RandomGenerator random = Seed.random(1);
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            float[] vector = new float[256];
            for (int d = 0; d < vector.length; d++) {
                vector[d] = random.nextFloat();
            }
            rows.add(row("r" + i, vector));
        }
        rig.write(WriteBatch.upsert(rows));
        rig.restart();
        long before = rig.chunks().stats().storedBytes();
        rig.upsert(row("one more", new float[256]));
        rig.restart();
        assertThat(rig.chunks().stats().storedBytes() - before).isBetween(1L, 50_000L);
        assertThat(rig.rows()).isEqualTo(1_001);
    }

    @Test
    void validCacheIsUsedAsItIs() {
        Rig rig = rig(Rig.Stores.FAKE, 1_000);
        CollectionInfo info = rig.create(2, Metric.L2);
        rig.upsert(row("a", 1, 2));
        rig.restart();
        CheckpointStore.Saved saved = saved(rig, info);
        saved.files()
                .values()
                .forEach(f -> f.pieces().forEach(p -> rig.memoryChunks().corrupt(SPACE, p)));
        assertThat(rig.ids(SearchSpec.dense(new float[] {1, 2}, 1))).containsExactly("a");
    }

    private static CheckpointStore.Saved saved(Rig rig, CollectionInfo info) {
        Definition definition =
                new Definition(
                        SPACE,
                        info.name(),
                        info.id(),
                        info.createdAt(),
                        Optional.empty(),
                        List.of(),
                        0,
                        0);
        return new CheckpointStore(rig.chunks(), rig.facts()).find(definition).orElseThrow();
    }

    @Test
    void lostCacheAndDamagedChunkIsCorruptAndSaysSo() throws IOException {
        Rig rig = rig(Rig.Stores.FAKE, 1_000);
        CollectionInfo info = rig.create(2, Metric.L2);
        rig.upsert(row("a", 1, 2));
        rig.restart();
        CheckpointFormat.SavedFile file = saved(rig, info).files().values().iterator().next();
        ChunkId piece = file.pieces().getFirst();
        rig.memoryChunks().corrupt(SPACE, piece);
        rig.loseCache();
        assertKind(
                ErrorKind.CORRUPT,
                "checkpoint file " + file.name(),
                () -> rig.search(SearchSpec.dense(new float[] {1, 2}, 1)));
    }

    @Test
    void cacheOfAnotherHistoryIsNotUsed() throws IOException {
        Rig rig = rig(Rig.Stores.FAKE, 1_000);
        CollectionInfo info = rig.create(2, Metric.L2);
        rig.upsert(row("a", 1, 2));
        rig.restart();
        Path cache = rig.cache().resolve(SPACE.value()).resolve(info.id());
        Path aside = directory.resolve("aside");
        rig.upsert(row("b", 1, 2));
        rig.service().close();
        copyFiles(cache, aside);
        rig.restart();
        rig.write(WriteBatch.delete(List.of("a", "b")));
        rig.upsert(row("c", 1, 2));
        rig.service().close();
        IOUtils.rm(cache);
        copyFiles(aside, cache);
        rig.restart();
        assertThat(rig.ids(SearchSpec.dense(new float[] {1, 2}, 5))).containsExactly("c");
    }

    private static void copyFiles(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        for (Path file : files(from)) {
            Files.copy(file, to.resolve(file.getFileName()));
        }
    }

    private static List<Path> files(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.sorted().toList();
        }
    }

    /// Each file of the cache in turn: cut short, emptied, bits flipped, removed.
    @Test
    void damagedCacheIsRebuilt() throws IOException {
        Rig rig = rig(Rig.Stores.FAKE, 1_000);
        CollectionInfo info = rig.create(2, Metric.L2);
        for (int i = 0; i < 50; i++) {
            rig.upsert(row("r" + i, "text " + i, Map.of("n", i), i, i));
        }
        rig.restart();
        rig.rows();
        Path cache = rig.cache().resolve(SPACE.value()).resolve(info.id());
        Set<String> damaged = new HashSet<>();
        for (int kind = 0; kind < 4; kind++) {
            for (int index = 0; ; index++) {
                rig.upsert(row("r0", "text 0", Map.of("n", 0), 0, 0));
                rig.service().close();
                List<Path> files = files(cache);
                if (index >= files.size()) {
                    rig.restart();
                    break;
                }
                damage(files.get(index), kind);
                damaged.add(
                        kind + files.get(index).getFileName().toString().replaceAll(".*\\.", "."));
                rig.restart();
                assertThat(rig.matching(new Filter.Eq("n", 33L), 1, 1))
                        .as("%s, kind %d", files.get(index).getFileName(), kind)
                        .containsExactly("r33");
                assertThat(rig.ids(SearchSpec.bm25("17", 5))).containsExactly("r17");
                assertThat(rig.ids(SearchSpec.dense(new float[] {44, 44}, 1)))
                        .containsExactly("r44");
                assertThat(rig.rows()).isEqualTo(50);
            }
        }
        assertThat(damaged).hasSizeGreaterThan(8);
    }

    private static void damage(Path file, int kind) throws IOException {
        if (kind == 3) {
            Files.delete(file);
            return;
        }
        try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
            long length = bytes.length();
            if (kind == 0) {
                bytes.setLength(length / 2);
            } else if (kind == 1) {
                bytes.setLength(0);
            } else if (length > 0) {
                bytes.seek(length / 2);
                int old = bytes.read();
                bytes.seek(length / 2);
                bytes.write(old ^ 0x10);
            }
        }
    }

    @Test
    void missingChunkOfTheTailIsCorrupt() throws IOException {
        Rig rig = rig(Rig.Stores.FAKE, 100_000);
        rig.create(64, Metric.L2);
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            rows.add(row("r" + i, new float[64]));
        }
        WriteResult written = rig.write(WriteBatch.upsert(rows));
        byte[] fact =
                rig.facts()
                        .scan(
                                SPACE,
                                Keys.tail(rig.service().get(SPACE, NAME).id()),
                                Optional.empty(),
                                1)
                        .getFirst()
                        .value();
        TailFormat.Entry.InChunks named = (TailFormat.Entry.InChunks) TailFormat.decode(fact);
        rig.memoryChunks().corrupt(SPACE, named.ids().getFirst());
        rig.crash();
        assertKind(ErrorKind.CORRUPT, "\"docs\", write " + written.token(), rig::rows);
    }

    @Test
    void ownerlessCachesAreSwept() throws IOException {
        Rig rig = rig(Rig.Stores.FAKE, 1_000);
        CollectionInfo info = rig.create(2, Metric.L2);
        rig.upsert(row("a", 1, 2));
        Path space = rig.cache().resolve(SPACE.value());
        Path gone = Files.createDirectories(space.resolve("00000000000000aa"));
        Path half = Files.createDirectories(space.resolve("00000000000000aa.restore"));
        Path foreign = Files.createDirectories(space.resolve("keep me"));
        rig.restart();
        assertThat(List.of(gone, half)).noneMatch(Files::exists);
        assertThat(List.of(foreign, space.resolve(info.id()))).allMatch(Files::exists);
    }

    @Test
    void commitOfUnknownOutcomeIsReadFromTheLog() {
        Rig rig = rig(Rig.Stores.FAKE, 1_000);
        rig.create(2, Metric.L2);
        rig.upsert(row("a", 1, 2));
        rig.memoryFacts().failNextCommit(QuernException.internal("disk trouble", null));
        assertKind(ErrorKind.INTERNAL, "disk trouble", () -> rig.upsert(row("b", 3, 4)));
        assertThat(rig.ids(SearchSpec.dense(new float[] {1, 2}, 5))).containsExactly("a");
        rig.upsert(row("c", 5, 6));
        assertThat(rig.ids(SearchSpec.dense(new float[] {5, 6}, 5))).containsExactly("c", "a");
    }

    @Test
    void refusedCommitLeavesTheCollectionUsable() {
        Rig rig = rig(Rig.Stores.FAKE, 1_000);
        rig.create(2, Metric.L2);
        rig.memoryFacts().failNextCommit(QuernException.exhausted("log is full", 10));
        assertKind(ErrorKind.EXHAUSTED, "log is full", () -> rig.upsert(row("b", 3, 4)));
        rig.upsert(row("c", 5, 6));
        assertThat(rig.rows()).isEqualTo(1);
    }

    @Test
    void failedCheckpointLosesNothingAndIsMadeUpFor() throws IOException, InterruptedException {
        Rig rig = rig(Rig.Stores.FAKE, 50);
        rig.create(2, Metric.L2);
        rig.upsert(row("first", 1, 1));
        rig.memoryChunks().limitCapacity(rig.chunks().stats().storedBytes());
        for (int i = 0; i < 399; i++) {
            rig.upsert(row("r" + i, i, i));
        }
        assertThat(rig.tailFacts()).isEqualTo(400);
        assertKind(
                ErrorKind.EXHAUSTED,
                "400 rows waiting for a checkpoint",
                () -> rig.upsert(row("over", 1, 1)));
        rig.memoryChunks().limitCapacity(Long.MAX_VALUE);
        rig.crash();
        assertThat(rig.rows()).isEqualTo(400);
        await(() -> rig.tailFacts() < 100);
        // The room shows a moment after the facts are gone.
        await(() -> accepts(rig, row("next", 1, 1)));
        rig.loseCache();
        assertThat(rig.rows()).isEqualTo(401);
    }

    @Test
    void checkpointWhoseCommitFailedIsTriedAgain() {
        Rig rig = rig(Rig.Stores.FAKE, 1_000);
        rig.create(2, Metric.L2);
        rig.upsert(row("a", 1, 2));
        rig.memoryFacts().failNextCommit(QuernException.internal("disk trouble", null));
        rig.restart();
        assertThat(rig.tailFacts()).isEqualTo(1);
        assertThat(rig.rows()).isEqualTo(1);
        rig.restart();
        assertThat(rig.tailFacts()).isZero();
    }

    @Test
    void anInterruptWhileItIsOpenedLeavesACollectionUsable() {
        Rig rig = rig(Rig.Stores.FAKE, 1_000);
        rig.create(2, Metric.L2);
        rig.upsert(row("a", 1, 2));
        rig.restart();
        Thread.currentThread().interrupt();
        try {
            assertThat(rig.find("a")).isPresent();
        } catch (QuernException e) {
            assertThat(e).hasMessageContaining("interrupted");
        }
        assertThat(Thread.interrupted()).isTrue();
        assertThat(rig.find("a")).isPresent();
    }

    @Test
    void idleCollectionsAreClosedAndOpenedAgain() {
        Rig rig = rig(Rig.Stores.FAKE, 1_000);
        try (CollectionService few =
                new CollectionService(
                        rig.chunks(),
                        rig.facts(),
                        InstantSource.system(),
                        Seed.random(5),
                        Rig.with(
                                        Map.of(
                                                "mergeThreads",
                                                1,
                                                "cpuThreads",
                                                1,
                                                "maxOpenCollections",
                                                2))
                                .apply(CollectionConfig.defaults(directory.resolve("few"))))) {
            for (int round = 0; round < 3; round++) {
                for (int i = 0; i < 6; i++) {
                    String name = "c" + i;
                    few.create(
                            SPACE, new CollectionSpec(name, 1, Metric.DOT, Optional.empty()), true);
                    few.write(SPACE, name, WriteBatch.upsert(List.of(row("r" + round, round))));
                    assertThat(few.get(SPACE, name).rows()).isEqualTo(round + 1);
                }
            }
            assertThat(few.list(SPACE)).extracting(CollectionInfo::rows).containsOnly(3L);
            assertThat(few.list(SPACE)).extracting(CollectionInfo::name).doesNotContain(NAME);
        }
    }
}
