package dev.quern.storage;

import static dev.quern.storage.Chunks.SPACE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.ByteSize;
import dev.quern.storage.s3.S3ProxyServer;
import dev.quern.storage.s3.S3Tier;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Garbage collection, compaction and backups of chunks in a directory and in a bucket; what they
/// do is [TierMaintenanceTest]'s.
final class TierStoresMaintenanceTest {
    private static final InstantSource CLOCK = InstantSource.system();

    @TempDir Path directory;

    @Test
    void inADirectory() {
        try (LocalTier tier = LocalTier.open(directory.resolve("tier"), new Random(1), CLOCK)) {
            collectCompactAndRestore(tier);
        }
    }

    @Test
    void inABucket() {
        try (S3ProxyServer server = new S3ProxyServer(directory);
                S3Tier tier = S3Tier.open(server.bucket("chunks", "live/"), new Random(2))) {
            collectCompactAndRestore(tier);
        }
    }

    private void collectCompactAndRestore(Tier tier) {
        TieredChunks tiered = new TieredChunks(tier, ByteSize.ofMebibytes(2), CLOCK);
        StorageConfig config = Engines.config(directory.resolve("data"));
        Backup backup = new Backup(tier, CLOCK, new Random(3));
        BackupInfo made;
        try (StorageEngine engine = StorageEngine.open(config, tiered)) {
            engine.roots().register(new TestRoots(engine.facts()));
            for (int i = 0; i < 8; i++) {
                ChunkId id = Chunks.put(engine.chunks(), Chunks.bytes(i, 2000));
                engine.chunks().sync();
                if (i % 2 == 0) {
                    Key key = Key.of("file", Integer.toString(i));
                    byte[] value = value(i);
                    engine.facts().commit(Txn.in(SPACE).put(key, value).require(id).build());
                }
            }
            GcRequest now = GcRequest.defaults().withGrace(Duration.ZERO);
            engine.maintenance().gc(now);
            assertThat(engine.maintenance().gc(now).removed().chunks()).isEqualTo(4);
            assertThat(engine.maintenance().compact(new ByteSize(0)).packsRemoved()).isEqualTo(8);
            engine.maintenance().gc(now);
            assertThat(tier.list(TierStoreFormat.PACKS, "", 10)).hasSize(1);
            assertThat(tier.list(TierStoreFormat.RETIRED, "", 10)).isEmpty();
            assertReads(engine.chunks());
            backup.run(engine);
            engine.facts().commit(Txn.in(SPACE).put(Key.of("file", "x"), value(0)).build());
            made = backup.run(engine).backup(); // in the same second, most likely
        }
        assertThat(backup.prune(new BackupPolicy(1, Optional.empty()), false).kept())
                .containsExactly(made);
        backup.restore(made.id(), directory.resolve("copy"));
        try (StorageEngine copy = Engines.open(directory.resolve("copy"))) {
            assertThat(copy.facts().position()).isEqualTo(made.position());
            assertReads(copy.chunks());
        }
    }

    private static byte[] value(int seed) {
        return TestRoots.bytes(MemoryChunkStore.idOf(Chunks.bytes(seed, 2000)));
    }

    private static void assertReads(ChunkStore chunks) {
        for (int i = 0; i < 8; i += 2) {
            byte[] expected = Chunks.bytes(i, 2000);
            assertThat(chunks.read(SPACE, MemoryChunkStore.idOf(expected))).isEqualTo(expected);
        }
    }
}
