package dev.quern.storage;

import static dev.quern.storage.Chunks.OTHER;
import static dev.quern.storage.Chunks.SPACE;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.storage.ChunkStore.Extent;
import dev.quern.storage.Pack.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
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

    /// Every codec, in the clear and encrypted.
    @Test
    void packOfVersionTwoIsRead() throws IOException {
        place(golden("pack-v2.pack"));
        Pack pack = new Pack(new LocalDisk(), directory.resolve("chunks/packs"), 1, Kind.RECORDS);
        try (BodyCodec codec = new BodyCodec(true, new Random(1), BodyCodecTest.KEYS)) {
            List<byte[]> expected = new ArrayList<>(GoldenPacks.chunks());
            expected.addAll(GoldenPacks.chunks());
            Set<Codec> codecs = EnumSet.noneOf(Codec.class);
            List<PackRecord> records = new ArrayList<>();
            pack.forEach((record, _) -> records.add(record));
            for (PackRecord record : records) {
                try (ChunkLease lease = open(pack, record, codec)) {
                    assertThat(lease.bytes().toArray(ValueLayout.JAVA_BYTE))
                            .isEqualTo(expected.removeFirst());
                }
                codecs.add(record.form().codec());
            }
            assertThat(expected).isEmpty();
            assertThat(codecs).containsExactly(Codec.values());
            assertThat(records.stream().filter(r -> r.form().seal().isPresent())).hasSize(4);
        } finally {
            pack.retire();
        }
    }

    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // handed on
    private static ChunkLease open(Pack pack, PackRecord record, BodyCodec codec) {
        return Objects.requireNonNull(
                pack.open(record.space(), record.id(), record.offset(), codec));
    }

    @Test
    void runOfVersionOneIsRead() throws IOException {
        byte[] bytes = golden("run-v1.run");
        Path packs = Files.createDirectories(directory.resolve("chunks/packs"));
        Path run = Files.write(Pack.file(packs, 1, Kind.RUN), bytes);
        Files.write(RunFormat.tableFile(packs, 1), golden("run-v1.idx"));
        List<ChunkId> ids = GoldenPacks.chunks().stream().map(MemoryChunkStore::idOf).toList();

        try (StorageEngine engine = Engines.open(directory)) {
            for (byte[] chunk : GoldenPacks.chunks()) {
                assertReads(engine.chunks(), chunk);
            }
            try (ExtentLease lease = engine.chunks().locate(SPACE, ids).orElseThrow()) {
                assertThat(lease.extent()).isEqualTo(new Extent(run, 0, bytes.length));
            }
        }
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
