package dev.quern.storage;

import static dev.quern.storage.ChunkStoreContract.assertKind;
import static dev.quern.storage.Chunks.OTHER;
import static dev.quern.storage.Chunks.SPACE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.storage.ChunkStore.Extent;
import dev.quern.storage.ChunkStore.PutChunk;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PackRunTest {
    private static final int CHUNK = 300_000;

    private final FaultyDisk disk = new FaultyDisk();
    @TempDir Path temporary;
    private Path directory;
    private StorageEngine engine;

    @BeforeEach
    @SuppressWarnings("MustBeClosedChecker") // closed after each test
    void open() {
        directory = temporary.resolve("data");
        engine = Engines.open(directory, disk);
    }

    @AfterEach
    void close() {
        engine.close();
    }

    private ChunkStore store() {
        return engine.chunks();
    }

    @Test
    void bigFileLiesInOneFileAsItIs() {
        byte[] file = Chunks.bytes(1, 10 * CHUNK + 77);
        List<ChunkId> ids = put(file);
        for (int run = 0; run < 2; run++) {
            assertReads(ids, file);
            Extent whole = located(ids).orElseThrow();
            assertThat(whole.offset()).isZero();
            assertThat(whole.file()).hasBinaryContent(file);
            assertThat(located(ids.subList(2, 5)))
                    .contains(new Extent(whole.file(), 2L * CHUNK, 3L * CHUNK));
            assertThat(located(List.of(ids.get(1), ids.get(0)))).isEmpty();
            assertThat(located(List.of())).isEmpty();
            store().sync();
            assertThat(store().isDurable(SPACE, ids.getLast())).isTrue();
            close();
            open();
        }
        assertThat(store().stats().chunks()).isEqualTo(11);
    }

    @Test
    void otherSpacesFindNothing() {
        List<ChunkId> ids = put(Chunks.bytes(1, 10 * CHUNK));

        assertThat(store().locate(OTHER, ids)).isEmpty();
        assertThat(store().contains(OTHER, ids.getFirst())).isFalse();
    }

    @Test
    void smallFilesAndTextGoToPacksWithOthers() throws IOException {
        for (byte[] file :
                List.of(Chunks.bytes(1, 3 * CHUNK), Chunks.words(1, 10 * CHUNK), new byte[0])) {
            List<ChunkId> ids = put(file);
            assertReads(ids, file);
            assertThat(located(ids)).isEmpty();
        }
        assertThat(files(".run")).isEmpty();
    }

    @Test
    void chunksThatAreThereAreNotWrittenAgain() throws IOException {
        byte[] file = Chunks.bytes(1, 10 * CHUNK);
        List<ChunkId> ids = put(file);
        assertThat(put(file)).isEqualTo(ids);
        assertThat(files(".run")).hasSize(1);

        byte[] edited = Chunks.bytes(2, 30 * CHUNK);
        System.arraycopy(file, 0, edited, 4 * CHUNK, 3 * CHUNK);
        System.arraycopy(edited, 8 * CHUNK, edited, 9 * CHUNK, CHUNK); // twice in one file
        List<ChunkId> more = put(edited);
        assertReads(more, edited);
        assertThat(located(more)).isEmpty();
        assertThat(located(more.subList(10, 30))).isPresent();
        assertThat(store().stats().chunks()).isEqualTo(10 + 26);
        store().sync();
        close();
        open();
        assertReads(more, edited);
    }

    @Test
    void chunksMayBeLongerThanABlock() {
        byte[] file = Chunks.bytes(1, 3 * ChunkStore.MAX_CHUNK_BYTES + 5);
        List<MemorySegment> parts = new ArrayList<>();
        for (int at = 0; at < file.length; at += ChunkStore.MAX_CHUNK_BYTES) {
            int length = Math.min(ChunkStore.MAX_CHUNK_BYTES, file.length - at);
            parts.add(MemorySegment.ofArray(file).asSlice(at, length));
        }
        List<ChunkId> ids = new ArrayList<>();
        try (ChunkRun run = store().beginRun(SPACE)) {
            parts.forEach(part -> ids.add(run.put(part).id()));
            run.finish();
        }
        assertThat(located(ids).orElseThrow().file()).hasBinaryContent(file);
        assertThat(store().read(SPACE, ids.getLast())).hasSize(5);
    }

    /// More than there are blocks of memory for: the rest is written without.
    @Test
    @SuppressWarnings("MustBeClosedChecker") // closed in a loop
    void manyRunsAtOnceAreWhole() {
        int count = 40;
        List<ChunkRun> runs = new ArrayList<>();
        List<List<ChunkId>> ids = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            runs.add(store().beginRun(SPACE));
            ids.add(new ArrayList<>());
        }
        for (int part = 0; part < 10; part++) {
            for (int i = part > 5 ? 5 : 0; i < count; i++) {
                byte[] chunk = Chunks.bytes(1000L * i + part, CHUNK);
                ids.get(i).add(runs.get(i).put(MemorySegment.ofArray(chunk)).id());
            }
            if (part == 5) {
                runs.subList(0, 5).forEach(ChunkRun::close); // others get their blocks
            }
        }
        for (int i = 5; i < count; i++) {
            runs.get(i).finish();
            runs.get(i).close();
        }
        for (int i = 5; i < count; i++) {
            assertThat(located(ids.get(i))).as("run %d", i).isPresent();
            for (int part = 0; part < 10; part++) {
                assertThat(store().read(SPACE, ids.get(i).get(part)))
                        .isEqualTo(Chunks.bytes(1000L * i + part, CHUNK));
            }
        }
        assertThat(store().contains(SPACE, ids.getFirst().getFirst())).isFalse();
    }

    @Test
    void takesChunksOfOneThread() {
        byte[] file = Chunks.bytes(1, 10 * CHUNK);
        List<ChunkId> ids = new ArrayList<>();
        try (ChunkRun run = store().beginRun(SPACE)) {
            for (int at = 0; at < file.length; at += CHUNK) {
                try (Arena arena = Arena.ofConfined()) {
                    byte[] chunk = Arrays.copyOfRange(file, at, at + CHUNK);
                    MemorySegment bytes = arena.allocateFrom(ValueLayout.JAVA_BYTE, chunk);
                    ids.add(run.put(bytes).id());
                }
            }
            run.finish();
        }
        assertReads(ids, file);
        assertThat(located(ids)).isPresent();
    }

    @Test
    void runThatIsGivenUpLeavesNothing() throws IOException {
        byte[] file = Chunks.bytes(1, 10 * CHUNK);
        ChunkId first;
        try (ChunkRun run = store().beginRun(SPACE)) {
            first = run.put(MemorySegment.ofArray(file).asSlice(0, CHUNK)).id();
            for (int at = CHUNK; at < file.length; at += CHUNK) {
                run.put(MemorySegment.ofArray(file).asSlice(at, CHUNK));
            }
        }
        assertThat(store().contains(SPACE, first)).isFalse();
        assertThat(files(".run")).isEmpty();
    }

    @Test
    void fullDiskEndsTheRunAndNothingElse() throws IOException {
        byte[] file = Chunks.bytes(1, 10 * CHUNK);
        disk.limitWritable(5L * CHUNK + 10);
        assertThatThrownBy(() -> put(file))
                .satisfies(e -> assertKind(e, ErrorKind.EXHAUSTED))
                .hasMessageContaining("No space left");
        disk.limitWritable(Long.MAX_VALUE);
        assertThat(files(".run")).isEmpty();
        List<ChunkId> ids = put(file);
        store().sync();
        assertReads(ids, file);
    }

    /// A force that fails early must not be forgotten when the last one succeeds.
    @Test
    void failedEarlyForceIsTold() {
        byte[] file = Chunks.bytes(1, 80 * CHUNK);
        disk.failForces("Input/output error");
        assertThatThrownBy(
                        () -> {
                            put(file);
                            disk.awaitFailedForce(); // else it may only begin when it succeeds
                            disk.failForces(null);
                            store().sync();
                        })
                .satisfies(e -> assertKind(e, ErrorKind.UNAVAILABLE))
                .hasMessageContaining("Input/output error");
        disk.failForces(null);
    }

    @Test
    void runOfACrashIsTakenUpWhenItsTableIsWhole() throws IOException {
        byte[] file = Chunks.bytes(1, 10 * CHUNK);
        List<ChunkId> ids = put(file);
        Path crashed = crash();
        try (StorageEngine again = Engines.open(crashed)) {
            assertThat(again.chunks().read(SPACE, ids.get(3)))
                    .isEqualTo(Arrays.copyOfRange(file, 3 * CHUNK, 4 * CHUNK));
            try (ExtentLease lease = again.chunks().locate(SPACE, ids).orElseThrow()) {
                assertThat(lease.extent().file()).hasBinaryContent(file);
            }
        }
    }

    @Test
    void tornRunKeepsWhatIsWholeAndLosesTheRest() throws IOException {
        byte[] file = Chunks.bytes(1, 10 * CHUNK);
        List<ChunkId> ids = put(file);
        Path crashed = crash();
        Path run = files(crashed, ".run").getFirst();
        try (RandomAccessFile torn = new RandomAccessFile(run.toFile(), "rw")) {
            torn.seek(2L * CHUNK + 100);
            torn.write(new byte[4096]);
            torn.setLength(7L * CHUNK + 5);
        }
        try (StorageEngine again = Engines.open(crashed)) {
            for (int i = 0; i < 10; i++) {
                assertThat(again.chunks().contains(SPACE, ids.get(i))).isEqualTo(i != 2 && i < 7);
            }
            try (ExtentLease lease =
                    again.chunks().locate(SPACE, ids.subList(3, 7)).orElseThrow()) {
                assertThat(lease.extent().offset()).isEqualTo(3L * CHUNK);
            }
        }
    }

    @Test
    void runWithoutAWholeTableIsRemoved() throws IOException {
        put(Chunks.bytes(1, 10 * CHUNK));
        Path crashed = crash();
        Path table = files(crashed, ".idx").getFirst();
        byte[] bytes = Files.readAllBytes(table);
        Files.write(table, Arrays.copyOf(bytes, bytes.length - 1));
        Files.write(table.resolveSibling("00000000000000ff.idx"), bytes);

        try (StorageEngine again = Engines.open(crashed)) {
            assertThat(again.chunks().stats().chunks()).isZero();
        }
        assertThat(files(crashed, ".run")).isEmpty();
        assertThat(files(crashed, ".idx")).isEmpty();
    }

    @Test
    void missingIndexIsBuiltFromRunsToo() throws IOException {
        byte[] file = Chunks.bytes(1, 10 * CHUNK);
        List<ChunkId> ids = put(file);
        close();
        for (Path part : listed(directory.resolve("chunks/index"))) {
            Files.delete(part);
        }
        open();
        assertReads(ids, file);
        assertThat(located(ids)).isPresent();
    }

    @Test
    void flippedBitIsCorruptAndNamesRunAndOffset() throws IOException {
        List<ChunkId> ids = put(Chunks.bytes(1, 10 * CHUNK));
        store().sync();
        Path run = files(".run").getFirst();
        try (RandomAccessFile out = new RandomAccessFile(run.toFile(), "rw")) {
            out.seek(CHUNK + 7);
            int before = out.read();
            out.seek(CHUNK + 7);
            out.write(before ^ 1);
        }
        assertThatThrownBy(() -> store().read(SPACE, ids.get(1)))
                .satisfies(e -> assertKind(e, ErrorKind.CORRUPT))
                .hasMessageContaining(run.toString())
                .hasMessageContaining("offset " + CHUNK);
        assertThat(put(Chunks.bytes(1, 10 * CHUNK))).isEqualTo(ids);
        assertThat(store().read(SPACE, ids.get(1))).hasSize(CHUNK);
    }

    private List<ChunkId> put(byte[] file) {
        List<ChunkId> ids = new ArrayList<>();
        byte[] buffer = new byte[CHUNK];
        try (ChunkRun run = store().beginRun(SPACE)) {
            for (int at = 0; at < file.length; at += CHUNK) {
                int length = Math.min(CHUNK, file.length - at);
                System.arraycopy(file, at, buffer, 0, length);
                PutChunk put = run.put(MemorySegment.ofArray(buffer).asSlice(0, length));
                Arrays.fill(buffer, (byte) 0); // the caller's again
                ids.add(put.id());
            }
            run.finish();
        }
        return ids;
    }

    private void assertReads(List<ChunkId> ids, byte[] file) {
        for (int i = 0; i < ids.size(); i++) {
            int end = Math.min((i + 1) * CHUNK, file.length);
            assertThat(store().read(SPACE, ids.get(i)))
                    .as("chunk %d", i)
                    .isEqualTo(Arrays.copyOfRange(file, i * CHUNK, end));
        }
    }

    private Optional<Extent> located(List<ChunkId> ids) {
        return store().locate(SPACE, ids)
                .map(lease -> {
                    try (lease) {
                        return lease.extent();
                    }
                });
    }

    /// The directory as it is, without closing.
    private Path crash() throws IOException {
        Path copy = temporary.resolve("crashed");
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path file : all.toList()) {
                Files.copy(file, copy.resolve(directory.relativize(file)));
            }
        }
        return copy;
    }

    private List<Path> files(String suffix) throws IOException {
        return files(directory, suffix);
    }

    private static List<Path> files(Path directory, String suffix) throws IOException {
        return listed(directory.resolve("chunks/packs")).stream()
                .filter(file -> file.toString().endsWith(suffix))
                .toList();
    }

    private static List<Path> listed(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.toList();
        }
    }
}
