package dev.quern.storage;

import static dev.quern.storage.Chunks.OTHER;
import static dev.quern.storage.Chunks.SPACE;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Packs as earlier builds wrote them stay readable, sealed or not, and are never appended to.
final class GoldenPackTest {
    @TempDir Path directory;

    @Test
    void sealedPackOfVersionOneIsRead() throws IOException {
        byte[] golden = golden("pack-v1.pack");
        Path pack = place(golden);

        readAndPutMore();
        assertThat(pack).hasBinaryContent(golden);
    }

    @Test
    void unsealedPackOfVersionOneIsRead() throws IOException {
        byte[] golden = golden("pack-v1.pack");
        int footer = golden.length - 4 * 136 - PackFormat.TRAILER_BYTES;
        byte[] records = Arrays.copyOf(golden, footer);
        Path pack = place(Arrays.copyOf(records, 64 << 10));

        readAndPutMore();
        assertThat(pack).hasBinaryContent(records);
    }

    private void readAndPutMore() {
        for (int run = 0; run < 2; run++) {
            try (StorageEngine engine = Engines.open(directory)) {
                ChunkStore store = engine.chunks();
                assertReads(store, Chunks.text("alpha"));
                assertReads(store, Chunks.bytes(1, 1000));
                assertReads(store, Chunks.text("quern ".repeat(100)));
                assertThat(store.read(OTHER, MemoryChunkStore.idOf(Chunks.text("alpha"))))
                        .isEqualTo(Chunks.text("alpha"));
                assertThat(store.stats().chunks()).isEqualTo(4 + run);
                assertThat(Chunks.put(store, Chunks.text("more"))).isNotNull();
            }
        }
    }

    private static void assertReads(ChunkStore store, byte[] bytes) {
        assertThat(store.read(SPACE, MemoryChunkStore.idOf(bytes))).isEqualTo(bytes);
    }

    private Path place(byte[] pack) throws IOException {
        Path packs = Files.createDirectories(directory.resolve("chunks/packs"));
        return Files.write(Pack.file(packs, 1), pack);
    }

    private static byte[] golden(String name) throws IOException {
        try (InputStream in = GoldenPackTest.class.getResourceAsStream("/golden/" + name)) {
            return Objects.requireNonNull(in, name).readAllBytes();
        }
    }
}
