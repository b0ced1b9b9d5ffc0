package dev.quern.storage;

import static dev.quern.storage.ChunkStoreContract.assertKind;
import static dev.quern.storage.Chunks.SPACE;
import static dev.quern.storage.Chunks.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ByteSize;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class StorageEngineTest {
    private static final Key KEY = Key.of("ref");
    @TempDir Path directory;

    @Test
    void bytesThenThePointerOverReopening() {
        ChunkId id;
        try (StorageEngine engine = StorageEngine.open(StorageConfig.in(directory))) {
            id = Chunks.put(engine.chunks(), text("bytes"));
            engine.chunks().sync();
            engine.facts().commit(Txn.in(SPACE).require(id).put(KEY, text(id.hex())).build());
        }
        try (StorageEngine engine = StorageEngine.open(StorageConfig.in(directory))) {
            byte[] pointer = engine.facts().find(SPACE, KEY).orElseThrow().value();
            assertThat(pointer).isEqualTo(text(id.hex()));
            assertThat(engine.chunks().read(SPACE, id)).isEqualTo(text("bytes"));
        }
    }

    @Test
    void refusesADirectoryThatIsInUse() {
        try (StorageEngine first = Engines.open(directory)) {
            assertThatThrownBy(this::openAndClose)
                    .satisfies(e -> assertKind(e, ErrorKind.CONFLICT))
                    .hasMessageContaining(directory.toString());
            Chunks.put(first.chunks(), text("still usable"));
        }
        openAndClose();
    }

    @Test
    void refusesADirectoryThatIsAFile() throws IOException {
        Path file = directory.resolve("file");
        Files.write(file, text("x"));

        assertThatThrownBy(
                        () -> {
                            try (StorageEngine engine = Engines.open(file)) {
                                engine.chunks().sync();
                            }
                        })
                .satisfies(e -> assertKind(e, ErrorKind.UNAVAILABLE))
                .hasMessageContaining(file.toString());
    }

    @Test
    @SuppressWarnings("try") // that it is closed twice is the point
    void closesTwiceAndLeavesNothingLocked() {
        try (StorageEngine engine = Engines.open(directory)) {
            engine.close();
        }
        openAndClose();
    }

    @Test
    void damagedFactsAreCorruptAndNamed() throws IOException {
        openAndClose();
        try (var files = Files.list(directory.resolve("facts"))) {
            for (Path file : files.toList()) {
                if (String.valueOf(file.getFileName()).startsWith("MANIFEST")) {
                    Files.write(file, Chunks.bytes(1, 300));
                }
            }
        }

        assertThatThrownBy(this::openAndClose)
                .satisfies(e -> assertKind(e, ErrorKind.CORRUPT))
                .hasMessageContaining(directory.resolve("facts").toString());
    }

    @Test
    void configurationHasBounds() {
        StorageConfig config = Engines.config(directory);
        ByteSize tiny = new ByteSize(1);

        assertThatThrownBy(() -> withPackSize(config, tiny))
                .isInstanceOf(QuernException.class)
                .hasMessageContaining("pack size must be 4.0 KiB to 16.0 GiB, got 1 B");
        assertThat(StorageConfig.in(directory).packSize()).isEqualTo(ByteSize.ofMebibytes(64));
        assertThat(StorageConfig.in(directory).maxQueuedBytes())
                .isEqualTo(ByteSize.ofMebibytes(16));
        assertThat(StorageConfig.in(directory).cacheSize()).isEqualTo(ByteSize.ofMebibytes(32));
        assertThat(StorageConfig.in(directory).minFree()).isEqualTo(ByteSize.ofMebibytes(64));
    }

    private static StorageConfig withPackSize(StorageConfig config, ByteSize packSize) {
        return new StorageConfig(
                config.directory(),
                packSize,
                config.maxQueuedBytes(),
                config.cacheSize(),
                config.minFree());
    }

    private void openAndClose() {
        try (StorageEngine engine = Engines.open(directory)) {
            engine.chunks().sync();
        }
    }
}
