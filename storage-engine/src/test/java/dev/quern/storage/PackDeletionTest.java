package dev.quern.storage;

import static dev.quern.storage.Chunks.SPACE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ByteSize;
import dev.quern.common.QuernException;
import dev.quern.storage.PackIndex.Location;
import dev.quern.storage.PackIndex.Progress;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.LRUCache;
import org.rocksdb.RocksDB;

/// What compaction does, step by step: copy, move the entries, delete the old pack, while readers
/// hold on to it.
final class PackDeletionTest {
    static {
        RocksDB.loadLibrary();
    }

    private static final byte[] BYTES = Chunks.bytes(1, 5000);
    private static final ChunkId ID = MemoryChunkStore.idOf(BYTES);

    private final LRUCache cache = new LRUCache(1 << 20);
    private final BodyCodec codec = new BodyCodec(true, new Random(1), SpaceKeys.UNBOUND);
    @TempDir Path directory;
    private PackIndex index;
    private PackDirectory packs;
    private ChunkPlaces places;
    private ChunkReader reader;

    @BeforeEach
    void open() throws IOException {
        index = PackIndex.open(new LocalDisk(), directory.resolve("index"), cache);
        packs =
                new PackDirectory(
                        new LocalDisk(), directory.resolve("packs"), new Random(1), config());
        packs.open(index);
        places = new ChunkPlaces(index);
        reader = new ChunkReader(packs, places, codec);
    }

    private StorageConfig config() {
        return new StorageConfig(
                directory,
                ByteSize.ofKibibytes(64),
                ByteSize.ofMebibytes(1),
                ByteSize.ofMebibytes(1),
                new ByteSize(0));
    }

    @AfterEach
    void close() {
        packs.close();
        index.close();
        codec.close();
        cache.close();
    }

    @Test
    void fileGoesWithTheLastLeaseAndReadersFollowTheChunk() throws IOException {
        PackRecord old = write();
        Path file = packFile(1);
        try (ChunkLease before = reader.open(name())) {
            move(1, old);
            assertThat(file).exists();
            assertThat(before.bytes().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(BYTES);
            try (ChunkLease after = reader.open(name())) {
                assertThat(after.bytes().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(BYTES);
            }
        }
        assertThat(file).doesNotExist();
        assertThat(index.packs()).containsOnlyKeys(2L);
        assertThat(packs.count()).isEqualTo(1);
    }

    @Test
    void packThatNobodyReadsGoesAtOnce() throws IOException {
        PackRecord old = write();
        move(1, old);

        assertThat(packFile(1)).doesNotExist();
    }

    @Test
    void chunkWhosePackIsGoneIsCorrupt() throws IOException {
        write();
        packs.delete(1);

        assertThatThrownBy(
                        () -> {
                            try (ChunkLease lease = reader.open(name())) {
                                lease.bytes();
                            }
                        })
                .isInstanceOf(QuernException.class)
                .hasMessageContaining("0000000000000001.pack is missing");
    }

    @Test
    void extentKeepsARunInPlace() throws IOException {
        try (RunThreads threads = new RunThreads();
                RunWriter run = packs.beginRun(threads, SPACE)) {
            ByteBuffer bytes = ByteBuffer.wrap(BYTES);
            run.keep(run.begin(bytes), ID, Checksums.crc32c(bytes));
            run.complete();
            packs.adopt(run);
            index.add(Map.of(1L, run.records()), Map.of(1L, new Progress(5000, true)));
        }
        Path link = directory.resolve("link");
        try (ExtentLease lease = reader.locate(SPACE, List.of(ID)).orElseThrow()) {
            packs.delete(1);
            assertThat(reader.locate(SPACE, List.of(ID))).isEmpty();
            Files.createLink(link, lease.extent().file());
            assertThat(link).hasBinaryContent(BYTES);
        }
        assertThat(link).hasBinaryContent(BYTES);
        assertThat(directory.resolve("packs")).isEmptyDirectory();
    }

    @Test
    void recordsAreHandedOverWithTheirBodies() throws IOException {
        PackRecord record = write();
        List<PackRecord> seen = new ArrayList<>();
        Pack pack = Objects.requireNonNull(packs.find(1));
        pack.forEach((each, mapped) -> {
            seen.add(each);
            assertThat(mapped.verifiedBody(each).toArray(ValueLayout.JAVA_BYTE)).isEqualTo(BYTES);
        });
        assertThat(seen).containsExactly(record);
        pack.retire();
        assertThat(pack.forEach((_, _) -> {})).isFalse();
    }

    private PackRecord write() throws IOException {
        try (PackWriter writer = packs.begin(5000)) {
            BodyForm form = BodyForm.plain(5000, Checksums.crc32c(MemorySegment.ofArray(BYTES)));
            PackRecord record = writer.append(SPACE, ID, ByteBuffer.wrap(BYTES), form);
            writer.force();
            long id = writer.pack().id();
            index.add(Map.of(id, List.of(record)), Map.of(id, new Progress(record.end(), true)));
            return record;
        }
    }

    /// Copies the chunk of a pack to another and deletes the pack.
    private void move(long from, PackRecord old) throws IOException {
        try (PackWriter writer = packs.begin(5000)) {
            PackRecord copy = writer.append(SPACE, ID, ByteBuffer.wrap(BYTES), old.form());
            long to = writer.pack().id();
            assertThat(
                            index.move(
                                    SPACE,
                                    ID,
                                    new Location(from, old.offset()),
                                    new Location(to, copy.offset())))
                    .isTrue();
        }
        index.sync();
        packs.delete(from);
        index.dropPack(from);
    }

    private static ChunkPlaces.Name name() {
        return new ChunkPlaces.Name(SPACE, ID);
    }

    private Path packFile(long id) {
        return Pack.file(directory.resolve("packs"), id);
    }
}
