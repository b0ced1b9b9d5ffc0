package dev.quern.storage;

import static dev.quern.storage.Chunks.SPACE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.ByteSize;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FsckTest {
    private static final ByteSize FAST = new ByteSize(0);

    @TempDir Path directory;
    private StorageEngine engine;
    private final Map<ChunkId, byte[]> copies = new HashMap<>();

    @BeforeEach
    @SuppressWarnings("MustBeClosedChecker") // closed after each test
    void open() {
        engine = Engines.open(directory);
        engine.roots().register(new TestRoots(engine.facts()));
    }

    @AfterEach
    void close() {
        engine.close();
    }

    private ChunkId put(byte[] bytes) {
        ChunkId id = Chunks.put(engine.chunks(), bytes);
        engine.chunks().sync();
        copies.put(id, bytes);
        return id;
    }

    private ChunkId file(int seed) {
        ChunkId id = put(Chunks.bytes(seed, 3000));
        name(Key.of("file", "f" + seed), id);
        return id;
    }

    private void name(Key key, ChunkId id) {
        engine.facts().commit(Txn.in(SPACE).put(key, TestRoots.bytes(id)).require(id).build());
    }

    private PackIndex.Location place(ChunkId id) {
        return store().index().find(SPACE, id).orElseThrow().location();
    }

    private PackChunkStore store() {
        return (PackChunkStore) engine.chunks();
    }

    private Path pack(ChunkId id) {
        return Objects.requireNonNull(store().packs().find(place(id).packId())).file();
    }

    private void damage(ChunkId id) throws IOException {
        byte wrong = (byte) ~Objects.requireNonNull(copies.get(id))[10];
        try (FileChannel channel = FileChannel.open(pack(id), StandardOpenOption.WRITE)) {
            channel.write(
                    ByteBuffer.wrap(new byte[] {wrong}),
                    place(id).offset() + PackFormat.RECORD_BYTES + 10);
        }
    }

    private FsckReport fsck() {
        return engine.maintenance().fsck(FAST);
    }

    @Test
    void aSoundStoreIsClean() {
        for (int i = 0; i < 50; i++) {
            file(i);
        }
        put(Chunks.bytes(99, 100));
        FsckReport report = fsck();
        assertThat(report.isClean()).isTrue();
        assertThat(report.records()).isEqualTo(51);
        assertThat(report.liveChunks()).isEqualTo(51);
        assertThat(report.packs()).isGreaterThan(1);
    }

    @Test
    void namesDamagedChunksWithPackOffsetAndOwner() throws IOException {
        ChunkId bad = file(1);
        file(2);
        ChunkId unneeded = put(Chunks.bytes(3, 500));
        name(Key.of("file", "twin"), bad);
        damage(bad);
        damage(unneeded);
        FsckReport report = fsck();

        assertThat(report.damaged()).isEqualTo(2);
        assertThat(report.uses()).isEqualTo(2);
        assertThat(report.findings())
                .extracting(FsckReport.Finding::use)
                .containsExactlyInAnyOrder("file f1", "file twin", "");
        assertThat(report.findings().getFirst().chunk()).isEqualTo(bad);
        assertThat(report.findings().getFirst().problem())
                .contains(pack(bad).toString())
                .contains("offset " + place(bad).offset());
        assertThat(store().index().find(SPACE, bad).orElseThrow().quarantined()).isTrue();
    }

    @Test
    void namesWhatAMissingPackTook() throws IOException {
        ChunkId a = file(1);
        ChunkId list = put(TestRoots.bytes(List.of(a, MemoryChunkStore.idOf(new byte[1]))));
        name(Key.of("list", "l"), list);
        FsckReport report = fsck();
        assertThat(report.damaged()).isEqualTo(1);
        assertThat(report.findings())
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.problem()).contains("missing");
                    assertThat(finding.use()).isEqualTo("entry of l");
                });

        Path gone = pack(a);
        close();
        Files.delete(gone);
        open();
        FsckReport after = fsck();
        assertThat(after.findings())
                .extracting(FsckReport.Finding::use)
                .contains("file f1", "list l");
    }

    @Test
    void repairsFromAnotherSourceAndListsWhatIsLost() throws IOException {
        List<ChunkId> ids = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            ids.add(file(i));
        }
        ChunkId list = put(TestRoots.bytes(ids));
        name(Key.of("list", "l"), list);
        List<Path> packs = ids.stream().map(this::pack).distinct().toList();
        close();
        for (Path pack : packs) {
            Files.delete(pack);
        }
        open();
        copies.remove(ids.get(3));
        copies.put(ids.get(4), new byte[] {1});
        ChunkSource source = (_, id) -> Optional.ofNullable(copies.get(id));
        RepairReport report = engine.maintenance().repair(source, FAST);

        assertThat(report.repaired()).isEqualTo(9);
        assertThat(report.lost()).isEqualTo(2);
        assertThat(report.losses())
                .extracting(FsckReport.Finding::use)
                .containsExactlyInAnyOrder("file f3", "file f4", "entry of l", "entry of l");
        assertThat(report.problems().toString()).contains(ids.get(4).hex());
        for (ChunkId id : ids) {
            assertThat(store().has(SPACE, id))
                    .isEqualTo(!id.equals(ids.get(3)) && !id.equals(ids.get(4)));
        }
    }

    /// Those that cannot be had must not keep the others from being fetched.
    @Test
    void repairsAFewAtATime() throws IOException {
        List<ChunkId> ids = new ArrayList<>();
        for (int seed = 0; seed < 7; seed++) {
            ids.add(file(seed));
        }
        for (ChunkId id : ids) {
            damage(id);
        }
        Fsck fsck = new Fsck(new CheckedPacks(store()), engine.facts(), engine.roots());
        Set<ChunkId> lost = Set.of(ids.get(0), ids.get(3), ids.get(5));
        ChunkSource source =
                (_, id) -> lost.contains(id) ? Optional.empty() : Optional.of(copy(id));

        assertThat(fsck.run(0, operation(OperationKind.FSCK)).damaged()).isEqualTo(7);
        assertThat(engine.maintenance().stats().quarantined()).isEqualTo(7);
        RepairReport report =
                new Repair(new CheckedPacks(store()), fsck, 2).run(source, 0, operation(OperationKind.REPAIR));

        assertThat(report.repaired()).isEqualTo(4);
        assertThat(report.lost()).isEqualTo(3);
        assertThat(report.losses())
                .hasSize(3)
                .allSatisfy(loss -> assertThat(loss.problem()).contains("offset"));
        assertThat(engine.maintenance().stats().quarantined()).isEqualTo(3);
    }

    private static Operation operation(OperationKind kind) {
        return new Operation(new OperationId(kind, 1), Instant.EPOCH);
    }

    private byte[] copy(ChunkId id) {
        return Objects.requireNonNull(copies.get(id));
    }

    @Test
    void repairsDamageInPlace() throws IOException {
        ChunkId bad = file(1);
        damage(bad);
        ChunkSource source = (_, id) -> Optional.ofNullable(copies.get(id));
        assertThat(engine.maintenance().repair(source, FAST).repaired()).isEqualTo(1);
        assertThat(engine.chunks().read(SPACE, bad)).isEqualTo(copies.get(bad));
        assertThat(fsck().isClean()).isTrue();
    }
}
