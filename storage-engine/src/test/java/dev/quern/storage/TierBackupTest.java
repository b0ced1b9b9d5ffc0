package dev.quern.storage;

import static dev.quern.storage.Chunks.SPACE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ByteSize;
import dev.quern.common.ErrorKind;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Backups of an engine whose chunks are in a tier.
final class TierBackupTest {
    @TempDir Path directory;
    private final MemoryTier chunks = new MemoryTier();
    private final MemoryTier backups = new MemoryTier();
    private final AtomicInteger seconds = new AtomicInteger();
    private final Backup backup = new Backup(backups, this::now, new Random(1));
    private StorageEngine engine;
    private int written;

    private Instant now() {
        return TierStores.NOW.plusSeconds(seconds.incrementAndGet());
    }

    @BeforeEach
    @SuppressWarnings("MustBeClosedChecker") // closed after each test
    void open() {
        engine = open("data", chunks);
    }

    @AfterEach
    void close() {
        engine.close();
    }

    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // handed on
    private StorageEngine open(String name, Tier tier) {
        TieredChunks tiered = new TieredChunks(tier, ByteSize.ofMebibytes(2), this::now);
        StorageEngine opened = StorageEngine.open(Engines.config(directory.resolve(name)), tiered);
        opened.roots().register(new TestRoots(opened.facts()));
        return opened;
    }

    private void write(int count) {
        for (int i = 0; i < count; i++, written++) {
            ChunkId id = Chunks.put(engine.chunks(), Chunks.bytes(written, 3000));
            engine.chunks().sync();
            Key key = Key.of("file", Integer.toString(written));
            engine.facts().commit(Txn.in(SPACE).require(id).put(key, TestRoots.bytes(id)).build());
        }
    }

    private static void assertHolds(StorageEngine restored, int count) {
        for (int i = 0; i < count; i++) {
            byte[] named =
                    restored.facts()
                            .find(SPACE, Key.of("file", Integer.toString(i)))
                            .orElseThrow()
                            .value();
            assertThat(restored.chunks().read(SPACE, TestRoots.id(named)))
                    .isEqualTo(Chunks.bytes(i, 3000));
        }
    }

    private void loseTheTier() {
        List.copyOf(chunks.names()).forEach(chunks::delete);
    }

    @Test
    void isWholeWithoutTheTier() {
        write(20);
        BackupInfo made = backup.run(engine).backup();
        assertThat(made.position()).isEqualTo(engine.facts().position());
        assertThat(backup.verify(made.id())).isEqualTo(made);
        loseTheTier();

        backup.restore(made.id(), directory.resolve("local"));
        try (StorageEngine local = Engines.open(directory.resolve("local"))) {
            assertHolds(local, 20);
            assertThat(local.facts().position()).isEqualTo(made.position());
            Chunks.put(local.chunks(), Chunks.bytes(99, 100));
            local.chunks().sync();
        }
        MemoryTier other = new MemoryTier();
        assertThat(backup.restore(made.id(), directory.resolve("tiered"), other)).isEqualTo(made);
        try (StorageEngine tiered = open("tiered", other)) {
            assertHolds(tiered, 20);
            assertThat(tiered.facts().position()).isEqualTo(made.position());
        }
    }

    @Test
    void copiesOnlyWhatIsNew() {
        write(6);
        BackupReport first = backup.run(engine);
        write(1);
        int reads = chunks.reads();
        BackupReport second = backup.run(engine);

        assertThat(first.newFiles()).isEqualTo(7);
        assertThat(second.newFiles()).isEqualTo(2); // a pack and the facts
        assertThat(chunks.reads() - reads).isEqualTo(1);
        backup.restore(first.backup().id(), directory.resolve("old"));
        try (StorageEngine old = Engines.open(directory.resolve("old"))) {
            assertHolds(old, 6);
        }
    }

    @Test
    void goesOnAfterAnOutage() {
        write(8);
        for (int round = 0; round < 3; round++) {
            backups.failPutsAfter(3); // a lease, two files
            assertThatThrownBy(() -> backup.run(engine))
                    .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.UNAVAILABLE));
            assertThat(backup.list()).isEmpty();
        }
        backups.down(false);
        BackupReport report = backup.run(engine);

        assertThat(report.newFiles()).isLessThan(report.backup().files() - 2);
        assertThat(backup.verify(report.backup().id())).isEqualTo(report.backup());
        assertThat(directory.resolve("data")).isDirectoryNotContaining("glob:**backup-*.part");
    }

    @Test
    void packsStayWhileABackupNeedsThem() {
        write(8);
        GcRequest now = GcRequest.defaults().withGrace(Duration.ZERO);
        try (TierPacks.PacksHold hold = ((TierChunkStore) engine.chunks()).hold()) {
            assertThat(engine.maintenance().compact(new ByteSize(0)).packsRemoved()).isEqualTo(8);
            engine.maintenance().gc(now);
            for (long pack : hold.sizes().keySet()) {
                assertThat(chunks.size(TierStoreFormat.pack(pack))).isPresent();
            }
        }
        engine.maintenance().gc(now);
        assertThat(chunks.list(TierStoreFormat.PACKS, "", 10)).hasSize(1);
        assertHolds(engine, 8);
    }

    @Test
    void takesBackFromTheTierWhatIsThere() {
        write(6);
        BackupInfo made = backup.run(engine).backup();
        engine.maintenance().compact(new ByteSize(0)); // all of them are retired
        close();
        assertThat(backup.restore(made.id(), directory.resolve("again"), chunks)).isEqualTo(made);
        assertThat(chunks.list(TierStoreFormat.RETIRED, "", 10)).isEmpty();
        try (StorageEngine again = open("again", chunks)) {
            assertHolds(again, 6);
            assertThatThrownBy(() -> again.maintenance().compact(new ByteSize(0)))
                    .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.CONFLICT));
        }
        open();
        assertHolds(engine, 6);
    }

    @Test
    void refusesTheTierOfAnother() {
        write(1);
        BackupInfo made = backup.run(engine).backup();
        String pack = chunks.list(TierStoreFormat.PACKS, "", 1).getFirst().name();
        MemoryTier other = new MemoryTier();
        other.putIfAbsent(pack, MemorySegment.ofArray(new byte[10]));
        assertThatThrownBy(() -> backup.restore(made.id(), directory.resolve("other"), other))
                .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.CORRUPT))
                .hasMessageContaining(pack);
        assertThatThrownBy(() -> backup.restore(made.id(), directory.resolve("other")))
                .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.INVALID))
                .hasMessageContaining("unfinished restore to a tier");
        other.delete(pack);
        backup.restore(made.id(), directory.resolve("other"), other); // goes on
        try (StorageEngine restored = open("other", other)) {
            assertHolds(restored, 1);
        }
    }

    @Test
    void whatATierCannotHoldIsRefused() {
        try (StorageEngine local = Engines.open(directory.resolve("own"))) {
            try (ChunkRun run = local.chunks().beginRun(SPACE)) {
                for (int i = 0; i < 3; i++) {
                    run.put(MemorySegment.ofArray(Chunks.bytes(i, 1 << 20)));
                }
                run.finish();
            }
            local.chunks().sync();
            BackupInfo made = backup.run(local).backup();
            assertThatThrownBy(() -> backup.restore(made.id(), directory.resolve("t"), chunks))
                    .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.INVALID))
                    .hasMessageContaining("without store-tier");
            assertThat(directory.resolve("t")).doesNotExist();
        }
    }
}
