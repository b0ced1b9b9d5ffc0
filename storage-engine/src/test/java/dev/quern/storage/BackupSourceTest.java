package dev.quern.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class BackupSourceTest {
    private static final int BIG_BYTES = 2_000_000;

    @TempDir Path directory;

    private final Map<ChunkId, byte[]> stored = new HashMap<>();
    private final MemoryTier tier = new MemoryTier();
    private final Backup backup = new Backup(tier, () -> Instant.EPOCH, new Random(1));

    private void fill(StorageEngine engine) {
        for (int i = 0; i < 40; i++) {
            byte[] bytes = i % 2 == 0 ? Chunks.bytes(i, 5_000) : Chunks.words(i, 5_000);
            stored.put(Chunks.put(engine.chunks(), bytes), bytes);
        }
        try (ChunkRun run = engine.chunks().beginRun(Chunks.SPACE)) {
            byte[] bytes = Chunks.bytes(99, BIG_BYTES);
            stored.put(run.put(MemorySegment.ofArray(bytes)).id(), bytes);
            run.finish();
        }
        engine.chunks().sync();
    }

    private void assertFetchesAll(StorageEngine engine, String id) {
        ChunkSource source = backup.source(id, engine);
        source.expect(Map.of(Chunks.SPACE, stored.keySet()));
        stored.forEach((chunk, bytes) ->
                assertThat(source.fetch(Chunks.SPACE, chunk))
                        .hasValueSatisfying(got -> assertThat(got).isEqualTo(bytes)));
        assertThat(source.fetch(Chunks.OTHER, stored.keySet().iterator().next())).isEmpty();
        source.expect(Map.of());
        assertThat(source.fetch(Chunks.SPACE, stored.keySet().iterator().next())).isEmpty();
    }

    @Test
    void fetchesFromPacksAndRuns() {
        try (StorageEngine engine = Engines.open(directory)) {
            fill(engine);
            assertFetchesAll(engine, backup.run(engine).backup().id());
        }
    }

    @Test
    void fetchesWhatIsEncrypted() {
        OperatorKey key = OperatorKey.of(Chunks.bytes(7, 32));
        StorageConfig config = Engines.config(directory).withOperatorKey(key, Optional.empty());
        try (StorageEngine engine = StorageEngine.open(config, new LocalDisk(), new Random(42))) {
            fill(engine);
            assertFetchesAll(engine, backup.run(engine).backup().id());
        }
    }

    @Test
    void walksPacksThatWereNotSealed() throws IOException {
        try (StorageEngine engine = Engines.open(directory)) {
            fill(engine);
        }
        try (Stream<Path> packs = Files.list(directory.resolve("chunks/packs"))) {
            for (Path pack : packs.filter(p -> p.toString().endsWith(".pack")).toList()) {
                try (FileChannel file = FileChannel.open(pack, StandardOpenOption.WRITE)) {
                    file.truncate(file.size() - PackFormat.TRAILER_BYTES);
                }
            }
        }
        try (StorageEngine engine = Engines.open(directory)) {
            assertFetchesAll(engine, backup.run(engine).backup().id());
            assertThat(directory.resolve("repair-pack.part")).doesNotExist();
        }
    }

    @Test
    void saysWhatIsNotThere() {
        try (StorageEngine engine = Engines.open(directory)) {
            assertThatThrownBy(() -> backup.source("20260304T050607Z-0a1b2c3d", engine))
                    .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.NOT_FOUND));
            fill(engine);
            String id = backup.run(engine).backup().id();
            List<String> files =
                    tier.names().stream().filter(name -> name.contains("/files/")).toList();
            files.forEach(tier::delete);
            ChunkSource source = backup.source(id, engine);
            assertThatThrownBy(
                            () -> source.expect(Map.of(Chunks.SPACE, Set.copyOf(stored.keySet()))))
                    .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.NOT_FOUND));
        }
    }
}
