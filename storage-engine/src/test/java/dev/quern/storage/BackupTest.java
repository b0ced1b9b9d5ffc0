package dev.quern.storage;

import static dev.quern.storage.Chunks.SPACE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class BackupTest {
    private static final Instant NOW = Instant.parse("2026-03-04T05:06:07Z");

    @TempDir Path directory;
    private final MemoryTier tier = new MemoryTier();
    private final AtomicInteger seconds = new AtomicInteger();
    private final Backup backup =
            new Backup(tier, () -> NOW.plusSeconds(seconds.incrementAndGet()), new Random(1));
    private StorageEngine engine;
    private final AtomicInteger written = new AtomicInteger();

    @BeforeEach
    @SuppressWarnings("MustBeClosedChecker") // closed after each test
    void open() {
        engine = Engines.open(directory.resolve("data"));
    }

    @AfterEach
    void close() {
        engine.close();
    }

    @Test
    void restoresEverything() {
        write(60);
        runBigFile();
        BackupInfo made = backup.run(engine).backup();

        assertThat(made.id()).startsWith("20260304T050608Z-");
        assertThat(made.position()).isEqualTo(engine.facts().position());
        assertThat(backup.list()).containsExactly(made);
        assertThat(backup.verify(made.id())).isEqualTo(made);
        assertThat(backup.restore(made.id(), directory.resolve("copy"))).isEqualTo(made);
        assertHolds("copy", 60);
        assertThat(directory.resolve("data")).isDirectoryNotContaining("glob:**backup-facts*");
    }

    @Test
    void anEmptyEngineToo() {
        BackupInfo made = backup.run(engine).backup();

        backup.restore(made.id(), directory.resolve("copy"));
        assertHolds("copy", 0);
    }

    @Test
    void copiesOnlyWhatIsNew() {
        write(50);
        BackupReport first = backup.run(engine);
        write(3);
        BackupReport second = backup.run(engine);
        BackupReport third = backup.run(engine);

        assertThat(first.newFiles()).isEqualTo(first.backup().files());
        assertThat(second.newFiles()).isEqualTo(2); // a pack and the facts
        assertThat(second.newBytes()).isLessThan(second.backup().bytes());
        assertThat(third.newFiles()).isZero();
        assertThat(backup.list()).containsExactly(first.backup(), second.backup(), third.backup());
        backup.restore(first.backup().id(), directory.resolve("old"));
        assertHolds("old", 50);
        backup.restore(second.backup().id(), directory.resolve("new"));
        assertHolds("new", 53);
    }

    @Test
    void goesOnAfterAnOutage() {
        write(80);
        for (int round = 0; round < 3; round++) {
            tier.failPutsAfter(2); // a lease and a file
            assertThatThrownBy(() -> backup.run(engine))
                    .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.UNAVAILABLE));
            assertThat(backup.list()).isEmpty();
        }
        int there = tier.names().size();
        assertThat(there).isEqualTo(3); // of two packs or more, the facts and the manifest
        tier.failPutsAfter(Long.MAX_VALUE);
        BackupReport report = backup.run(engine);

        assertThat(report.newFiles()).isLessThan(report.backup().files());
        backup.restore(report.backup().id(), directory.resolve("copy"));
        assertHolds("copy", 80);
    }

    @Test
    void isConsistentWhileWritersGoOn() {
        write(20);
        AtomicBoolean done = new AtomicBoolean();
        List<BackupInfo> made = new ArrayList<>();
        try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            pool.execute(() -> {
                while (!done.get()) {
                    write(1);
                }
            });
            for (int i = 0; i < 3; i++) {
                made.add(backup.run(engine).backup());
            }
            done.set(true);
        }
        for (BackupInfo each : made) {
            backup.restore(each.id(), directory.resolve(each.id()));
            assertHolds(each.id(), (int) each.position().index());
        }
    }

    @Test
    void aRestoreGoesOnWhereItStopped() throws IOException {
        write(80);
        String id = backup.run(engine).backup().id();
        Path copy = directory.resolve("copy");
        backup.restore(id, copy);
        // As a restore leaves it that was broken off: some files are there, one is torn.
        Files.writeString(copy.resolve(BackupRestore.MARKER), id + "\n");
        List<Path> packs = packs(copy);
        Files.delete(packs.get(0));
        Files.write(packs.get(1), new byte[100]);
        assertThatThrownBy(
                        () -> {
                            try (StorageEngine early = Engines.open(copy)) {
                                assertThat(early).isNull();
                            }
                        })
                .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.INVALID))
                .hasMessageContaining(id);
        assertThatThrownBy(() -> backup.restore("20260304T050607Z-00000000", copy))
                .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.NOT_FOUND));
        int before = tier.reads();
        backup.restore(id, copy);

        assertThat(tier.reads() - before).isLessThan(8);
        assertHolds("copy", 80);
    }

    @Test
    void refusesADirectoryWithAnythingElse() throws IOException {
        write(1);
        String id = backup.run(engine).backup().id();
        Path other = Files.createDirectories(directory.resolve("other"));
        Files.write(other.resolve("thesis.txt"), new byte[1]);

        for (Path used : List.of(other, directory.resolve("data"))) {
            assertThatThrownBy(() -> backup.restore(id, used))
                    .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.INVALID))
                    .hasMessageContaining("must be empty");
        }
        assertThat(other).isDirectoryContaining("glob:**thesis.txt");
    }

    @Test
    void namesWhatIsDamagedOrMissing() {
        write(60);
        String id = backup.run(engine).backup().id();
        String blob =
                tier.names().stream().filter(n -> n.startsWith(BackupFormat.FILES)).toList().get(1);
        tier.damage(blob, 40);

        assertThatThrownBy(() -> backup.verify(id))
                .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.CORRUPT))
                .hasMessageContaining(blob);
        assertThatThrownBy(() -> backup.restore(id, directory.resolve("copy")))
                .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.CORRUPT))
                .hasMessageContaining(blob);
        tier.delete(blob);
        assertThatThrownBy(() -> backup.verify(id))
                .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.CORRUPT))
                .hasMessageContaining("missing");

        String again = backup.run(engine).backup().id(); // which puts it there again
        assertThat(backup.verify(again).id()).isEqualTo(again);
        backup.restore(id, directory.resolve("copy"));
        assertHolds("copy", 60);
    }

    @Test
    @SuppressWarnings("MustBeClosedChecker") // closed after the test
    void aDirectoryThatWasRestoredKeepsItsOwnCount() {
        write(10);
        String first = backup.run(engine).backup().id();
        write(10);
        backup.run(engine);
        close();
        backup.restore(first, directory.resolve("data2"));
        engine = Engines.open(directory.resolve("data2"));
        written.set(100); // other bytes in packs of the same names
        write(10);
        String other = backup.run(engine).backup().id();
        backup.restore(other, directory.resolve("copy"));

        try (StorageEngine copy = Engines.open(directory.resolve("copy"))) {
            assertThat(copy.chunks().stats().chunks()).isEqualTo(20);
            assertThat(copy.chunks().read(SPACE, MemoryChunkStore.idOf(chunk(105))))
                    .isEqualTo(chunk(105));
        }
    }

    @Test
    void refusesNonsense() {
        assertThatThrownBy(() -> backup.verify("../x"))
                .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.INVALID));
        assertThatThrownBy(() -> backup.verify("20260304T050607Z-00000000"))
                .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.NOT_FOUND));
        String id = backup.run(engine).backup().id();
        tier.damage(BackupFormat.MANIFESTS + id, 30);
        assertThatThrownBy(() -> backup.list())
                .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.CORRUPT))
                .hasMessageContaining(id);
    }

    /// Puts chunks, each named by a fact.
    private void write(int count) {
        for (int i = 0; i < count; i++) {
            int number = written.getAndIncrement();
            ChunkId id = Chunks.put(engine.chunks(), chunk(number));
            engine.chunks().sync();
            engine.facts()
                    .commit(
                            Txn.in(SPACE)
                                    .require(id)
                                    .put(Key.of("chunk", String.valueOf(number)), id.bytes())
                                    .build());
        }
    }

    private void runBigFile() {
        try (ChunkRun run = engine.chunks().beginRun(SPACE)) {
            for (int i = 0; i < 6; i++) {
                run.put(MemorySegment.ofArray(Chunks.bytes(1000 + i, 1 << 20)));
            }
            run.finish();
        }
        engine.chunks().sync();
    }

    private void assertHolds(String name, int count) {
        try (StorageEngine copy = Engines.open(directory.resolve(name))) {
            for (int i = 0; i < count; i++) {
                byte[] id =
                        copy.facts()
                                .find(SPACE, Key.of("chunk", String.valueOf(i)))
                                .orElseThrow()
                                .value();
                assertThat(copy.chunks().read(SPACE, ChunkId.of(id))).isEqualTo(chunk(i));
            }
            assertThat(copy.facts().find(SPACE, Key.of("chunk", String.valueOf(count)))).isEmpty();
            copy.facts().commit(Txn.in(SPACE).put(Key.of("after"), new byte[] {1}).build());
        }
    }

    private static List<Path> packs(Path data) throws IOException {
        try (Stream<Path> files = Files.list(data.resolve("chunks/packs"))) {
            return files.sorted().toList();
        }
    }

    private static byte[] chunk(int i) {
        return Chunks.bytes(i, 1 + (i * 37 % 9000));
    }
}
