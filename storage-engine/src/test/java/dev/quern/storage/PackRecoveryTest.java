package dev.quern.storage;

import static dev.quern.storage.ChunkStoreContract.assertKind;
import static dev.quern.storage.Chunks.SPACE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PackRecoveryTest {
    private static final int FIRST_RUN = 40;
    private static final int BODY_BYTES = 5000;
    private static final int RECORD = PackFormat.RECORD_BYTES;

    @TempDir Path temporary;
    private Path directory;

    /// Several sealed packs of one run that ended well.
    @BeforeEach
    void fill() {
        directory = temporary.resolve("data");
        try (StorageEngine engine = Engines.open(directory)) {
            for (int i = 0; i < FIRST_RUN; i++) {
                Chunks.put(engine.chunks(), chunk(i));
            }
        }
    }

    @Test
    void missingIndexIsBuiltFromThePacks() throws IOException {
        delete(directory.resolve("chunks/index"));

        try (StorageEngine engine = Engines.open(directory)) {
            assertHolds(engine, FIRST_RUN);
            assertThat(engine.chunks().stats().chunks()).isEqualTo(FIRST_RUN);
            assertThat(put(engine, chunk(3))).isFalse();
        }
    }

    @Test
    void damagedIndexIsBuiltFromThePacks() throws IOException {
        Path index = directory.resolve("chunks/index");
        for (Path file : files(index)) {
            if (String.valueOf(file.getFileName()).startsWith("MANIFEST")) {
                Files.write(file, Chunks.bytes(1, 200));
            }
        }

        try (StorageEngine engine = Engines.open(directory)) {
            assertHolds(engine, FIRST_RUN);
        }
    }

    @Test
    void indexOfAnOlderDayCatchesUp() throws IOException {
        Path old = temporary.resolve("old-index");
        copy(directory.resolve("chunks/index"), old);
        try (StorageEngine engine = Engines.open(directory)) {
            for (int i = FIRST_RUN; i < 2 * FIRST_RUN; i++) {
                Chunks.put(engine.chunks(), chunk(i));
            }
        }
        delete(directory.resolve("chunks/index"));
        copy(old, directory.resolve("chunks/index"));

        try (StorageEngine engine = Engines.open(directory)) {
            assertHolds(engine, 2 * FIRST_RUN);
            assertThat(engine.chunks().stats().chunks()).isEqualTo(2 * FIRST_RUN);
        }
    }

    @Test
    void crashLosesNothingThatWasSynced() throws IOException {
        Path crashed = temporary.resolve("crashed");
        try (StorageEngine engine = Engines.open(directory)) {
            for (int i = FIRST_RUN; i < FIRST_RUN + 30; i++) {
                Chunks.put(engine.chunks(), chunk(i));
            }
            engine.chunks().sync();
            copy(directory, crashed);
        }

        try (StorageEngine engine = Engines.open(crashed)) {
            assertHolds(engine, FIRST_RUN + 30);
        }
        delete(crashed.resolve("chunks/index"));
        try (StorageEngine engine = Engines.open(crashed)) {
            assertHolds(engine, FIRST_RUN + 30);
        }
    }

    /// The last chunk was being written when the process died.
    @Test
    void tornTailIsSkippedAndCanBePutAgain() throws IOException {
        Path crashed = temporary.resolve("crashed");
        int start;
        try (StorageEngine engine = Engines.open(directory)) {
            Chunks.put(engine.chunks(), chunk(FIRST_RUN));
            engine.chunks().sync();
            start = PackFormat.HEADER_BYTES + (int) PackFormat.align(RECORD + BODY_BYTES);
            Chunks.put(engine.chunks(), chunk(FIRST_RUN + 1));
            copy(directory, crashed);
        }
        Path pack = lastPack(crashed);
        byte[] image = Files.readAllBytes(pack);
        for (int cut :
                new int[] {
                    0, 1, 50, RECORD - 1, RECORD, RECORD + 1, 2000, RECORD + BODY_BYTES - 1
                }) {
            byte[] torn = image.clone();
            Arrays.fill(torn, start + cut, torn.length, (byte) 0);
            Path again = temporary.resolve("torn-" + cut);
            copy(crashed, again);
            Files.write(lastPack(again), torn);

            assertSkipsTheLast(again);
        }
    }

    private static void assertSkipsTheLast(Path crashed) {
        for (int run = 0; run < 2; run++) {
            try (StorageEngine engine = Engines.open(crashed)) {
                assertHolds(engine, FIRST_RUN + 1 + run);
                ChunkId last = MemoryChunkStore.idOf(chunk(FIRST_RUN + 1));
                assertThat(engine.chunks().contains(SPACE, last)).isEqualTo(run > 0);
                assertThat(put(engine, chunk(FIRST_RUN + 1))).isEqualTo(run == 0);
                assertHolds(engine, FIRST_RUN + 2);
            }
        }
    }

    @Test
    void flippedBitIsCorruptAndNamesPackAndOffset() throws IOException {
        Path pack = Pack.file(directory.resolve("chunks/packs"), 1);
        int second = PackFormat.HEADER_BYTES + (int) PackFormat.align(RECORD + BODY_BYTES);
        for (int at : new int[] {0, 20, 60, 130, 140, RECORD, RECORD + BODY_BYTES - 1}) {
            flip(pack, second + at);
            try (StorageEngine engine = Engines.open(directory)) {
                ChunkId id = MemoryChunkStore.idOf(chunk(1));
                assertThatThrownBy(() -> engine.chunks().read(SPACE, id))
                        .satisfies(e -> assertKind(e, ErrorKind.CORRUPT))
                        .hasMessageContaining(pack.toString())
                        .hasMessageContaining("offset " + second)
                        .hasMessageContaining(id.hex());
                assertThat(engine.chunks().read(SPACE, MemoryChunkStore.idOf(chunk(0))))
                        .isEqualTo(chunk(0));
            }
            flip(pack, second + at);
        }
    }

    @Test
    void corruptChunkIsHealedByPuttingItAgain() throws IOException {
        Path pack = Pack.file(directory.resolve("chunks/packs"), 1);
        flip(pack, 1000);
        ChunkId id = MemoryChunkStore.idOf(chunk(0));
        try (StorageEngine engine = Engines.open(directory)) {
            assertThatThrownBy(() -> engine.chunks().read(SPACE, id))
                    .isInstanceOf(QuernException.class);
            assertThat(put(engine, chunk(0))).isTrue();
            assertHolds(engine, FIRST_RUN);
        }
        try (StorageEngine engine = Engines.open(directory)) {
            assertHolds(engine, FIRST_RUN);
        }
        delete(directory.resolve("chunks/index"));
        try (StorageEngine engine = Engines.open(directory)) {
            assertHolds(engine, FIRST_RUN);
        }
    }

    @Test
    void corruptChunkIsStillKnownAfterReopening() throws IOException {
        Path pack = Pack.file(directory.resolve("chunks/packs"), 1);
        flip(pack, 1000);
        try (StorageEngine engine = Engines.open(directory)) {
            assertThatThrownBy(() -> engine.chunks().read(SPACE, MemoryChunkStore.idOf(chunk(0))))
                    .satisfies(e -> assertKind(e, ErrorKind.CORRUPT));
        }
        try (StorageEngine engine = Engines.open(directory)) {
            assertThat(put(engine, chunk(0))).isTrue();
            assertThat(put(engine, chunk(0))).isFalse();
            assertHolds(engine, FIRST_RUN);
            engine.chunks().sync();
            assertThat(engine.chunks().stats().chunks()).isEqualTo(FIRST_RUN);
        }
    }

    @Test
    void missingPackLosesOnlyItsOwnChunks() throws IOException {
        Files.delete(Pack.file(directory.resolve("chunks/packs"), 1));

        try (StorageEngine engine = Engines.open(directory)) {
            ChunkId lost = MemoryChunkStore.idOf(chunk(0));
            assertThatThrownBy(() -> engine.chunks().read(SPACE, lost))
                    .satisfies(e -> assertKind(e, ErrorKind.NOT_FOUND));
            assertThat(engine.chunks().read(SPACE, MemoryChunkStore.idOf(chunk(FIRST_RUN - 1))))
                    .isEqualTo(chunk(FIRST_RUN - 1));
            assertThat(put(engine, chunk(0))).isTrue();
        }
    }

    @Test
    void cutPackIsCorruptNotACrash() throws IOException {
        Path pack = Pack.file(directory.resolve("chunks/packs"), 1);
        Files.write(pack, Arrays.copyOf(Files.readAllBytes(pack), 3000));

        try (StorageEngine engine = Engines.open(directory)) {
            for (int i = 0; i < 3; i++) {
                ChunkId id = MemoryChunkStore.idOf(chunk(i));
                assertThatThrownBy(() -> engine.chunks().read(SPACE, id))
                        .satisfies(e -> assertKind(e, ErrorKind.CORRUPT));
            }
        }
    }

    @Test
    void beginningOfAPackIsRemoved() throws IOException {
        Path empty = Pack.file(directory.resolve("chunks/packs"), 100);
        Files.write(empty, new byte[4096]);

        try (StorageEngine engine = Engines.open(directory)) {
            assertThat(empty).doesNotExist();
            assertHolds(engine, FIRST_RUN);
        }
    }

    @Test
    void packWithoutHeaderIsLeftAside() throws IOException {
        Path strange = Pack.file(directory.resolve("chunks/packs"), 100);
        Files.write(strange, Chunks.bytes(1, 4096));
        Files.write(strange.resolveSibling("notes.pack"), Chunks.text("not ours"));

        try (StorageEngine engine = Engines.open(directory)) {
            assertHolds(engine, FIRST_RUN);
            Chunks.put(engine.chunks(), chunk(500));
        }
        assertThat(strange).hasBinaryContent(Chunks.bytes(1, 4096));
    }

    @Test
    void packOfALaterVersionIsRefused() throws IOException {
        ByteBuffer header = ByteBuffer.allocate(PackFormat.HEADER_BYTES);
        PackFormat.putHeader(header, 100, 1);
        header.order(ByteOrder.LITTLE_ENDIAN).putInt(8, 3);
        header.putInt(28, Checksums.crc32c(header.slice(0, 28)));
        Path later = Pack.file(directory.resolve("chunks/packs"), 100);
        Files.write(later, header.array());

        assertThatThrownBy(
                        () -> {
                            try (StorageEngine engine = Engines.open(directory)) {
                                engine.chunks().sync();
                            }
                        })
                .satisfies(e -> assertKind(e, ErrorKind.INVALID))
                .hasMessageContaining(later.toString())
                .hasMessageContaining("version 3");
    }

    private static void assertHolds(StorageEngine engine, int chunks) {
        for (int i = 0; i < chunks; i++) {
            ChunkId id = MemoryChunkStore.idOf(chunk(i));
            assertThat(engine.chunks().read(SPACE, id)).as("chunk %d", i).isEqualTo(chunk(i));
        }
    }

    private static boolean put(StorageEngine engine, byte[] bytes) {
        return engine.chunks().put(SPACE, MemorySegment.ofArray(bytes)).stored();
    }

    private static byte[] chunk(int i) {
        return Chunks.bytes(i, BODY_BYTES);
    }

    private static void flip(Path file, int at) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[at] ^= 0x40;
        Files.write(file, bytes);
    }

    private static Path lastPack(Path directory) throws IOException {
        List<Path> packs = new ArrayList<>(files(directory.resolve("chunks/packs")));
        packs.sort(null);
        return packs.getLast();
    }

    private static List<Path> files(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.toList();
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(from.relativize(file)));
            }
        }
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.toList().reversed()) {
                Files.delete(file);
            }
        }
    }
}
