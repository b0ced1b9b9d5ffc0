package dev.quern.storage;

import static dev.quern.storage.Chunks.SPACE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ByteSize;
import dev.quern.common.ErrorKind;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a check says of damage in a tier, and what a repair makes of it, whatever the tier.
abstract class TierFsckContract {
    static final ByteSize FAST = new ByteSize(0);
    private static final int LENGTH = 3000;
    private static final ChunkSource NOTHING = (_, _) -> Optional.empty();

    @TempDir Path directory;
    private final MemoryTier backups = new MemoryTier();
    StorageEngine engine;

    /// An empty tier; who makes it closes it.
    abstract Tier tier();

    @BeforeEach
    @SuppressWarnings("MustBeClosedChecker") // closed after each test
    void openEngine() {
        engine = open();
    }

    @AfterEach
    void closeEngine() {
        engine.close();
    }

    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // handed on
    private StorageEngine open() {
        StorageEngine opened =
                StorageEngine.open(
                        Engines.config(directory.resolve("data")),
                        new TieredChunks(
                                tier(), ByteSize.ofMebibytes(2), InstantSource.system()));
        opened.roots().register(new TestRoots(opened.facts()));
        return opened;
    }

    /// Puts chunks into a pack of their own, each named by a file.
    void pack(int from, int to) {
        for (int seed = from; seed < to; seed++) {
            Chunks.put(engine.chunks(), Chunks.bytes(seed, LENGTH));
        }
        engine.chunks().sync();
        for (int seed = from; seed < to; seed++) {
            Key key = Key.of("file", "f" + seed);
            byte[] value = TestRoots.bytes(id(seed));
            engine.facts().commit(Txn.in(SPACE).put(key, value).require(id(seed)).build());
        }
    }

    static ChunkId id(int seed) {
        return MemoryChunkStore.idOf(Chunks.bytes(seed, LENGTH));
    }

    PackIndex.Entry entry(int seed) {
        return ((TierChunkStore) engine.chunks()).index().find(SPACE, id(seed)).orElseThrow();
    }

    private String blob(int seed) {
        return TierStoreFormat.pack(entry(seed).location().packId());
    }

    /// Puts other bytes in the place of a blob.
    private void change(String blob, UnaryOperator<byte[]> change) {
        byte[] bytes = new byte[(int) tier().size(blob).orElseThrow()];
        tier().read(blob, 0, MemorySegment.ofArray(bytes));
        tier().delete(blob);
        tier().putIfAbsent(blob, MemorySegment.ofArray(change.apply(bytes)));
    }

    private void flip(String blob, long offset) {
        change(
                blob,
                bytes -> {
                    bytes[(int) (offset < 0 ? bytes.length + offset : offset)] ^= 4;
                    return bytes;
                });
    }

    /// Opens the engine again without what can be lost.
    ///
    /// @param what `cache` or `index`
    private void lose(String... what) throws IOException {
        engine.close();
        for (String part : what) {
            deleteAll(directory.resolve("data/chunks-tier").resolve(part));
        }
        openEngine();
    }

    private static void deleteAll(Path at) throws IOException {
        try (Stream<Path> files = Files.walk(at)) {
            for (Path file : files.toList().reversed()) {
                Files.delete(file);
            }
        }
    }

    private FsckReport fsck() {
        return engine.maintenance().fsck(FAST);
    }

    private RepairReport repair(ChunkSource source) {
        return engine.maintenance().repair(source, FAST);
    }

    private Backup backup() {
        return new Backup(backups, InstantSource.system(), new Random(1));
    }

    private void assertReads(int from, int to) {
        for (int seed = from; seed < to; seed++) {
            assertThat(engine.chunks().read(SPACE, id(seed))).isEqualTo(Chunks.bytes(seed, LENGTH));
        }
    }

    private static List<String> uses(List<FsckReport.Finding> findings) {
        return findings.stream().map(FsckReport.Finding::use).toList();
    }

    @Test
    void aSoundTierIsClean() {
        pack(0, 20);
        pack(20, 30);
        Chunks.put(engine.chunks(), Chunks.bytes(99, 100)); // which nothing names, in staging
        FsckReport report = fsck();
        assertThat(report.isClean()).isTrue();
        assertThat(report.packs()).isEqualTo(2);
        assertThat(report.records()).isEqualTo(30);
        assertThat(report.liveChunks()).isEqualTo(30);
        assertThat(report.bytes()).isEqualTo(30 * LENGTH);
        assertThat(engine.operations().ended().getFirst().state())
                .isEqualTo(OperationStatus.State.DONE);
    }

    @Test
    void aTurnedBitIsNamedWithItsPlaceAndItsFile() throws IOException {
        pack(0, 5);
        pack(5, 8);
        flip(blob(3), entry(3).location().offset() + PackFormat.RECORD_BYTES + 7);
        lose("cache");
        FsckReport report = fsck();
        assertThat(report.damaged()).isEqualTo(1);
        assertThat(report.liveChunks()).isEqualTo(7);
        assertThat(report.findings())
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.chunk()).isEqualTo(id(3));
                    assertThat(finding.use()).isEqualTo("file f3");
                    assertThat(finding.problem())
                            .contains(blob(3), "offset " + entry(3).location().offset());
                });
        assertThat(engine.maintenance().stats().quarantined()).isEqualTo(1);
        assertThatThrownBy(() -> engine.chunks().read(SPACE, id(3)))
                .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.CORRUPT));
        assertThat(engine.maintenance().explain(id(3)))
                .singleElement()
                .satisfies(fate -> {
                    assertThat(fate.quarantined()).isTrue();
                    assertThat(fate.uses()).containsExactly("file f3");
                });

        RepairReport lost = repair(NOTHING);
        assertThat(lost.repaired()).isZero();
        assertThat(uses(lost.losses())).containsExactly("file f3");
        Chunks.put(engine.chunks(), Chunks.bytes(3, LENGTH)); // stored anew
        engine.chunks().sync();
        assertThat(fsck().isClean()).isTrue();
        assertReads(0, 8);
    }

    /// The header of its record, too: then it is the record that is not there.
    @Test
    void repairsFromABackup() throws IOException {
        pack(0, 5);
        pack(5, 8);
        BackupInfo made = backup().run(engine).backup();
        pack(8, 10);
        flip(blob(1), entry(1).location().offset() + 40);
        flip(blob(5), entry(5).location().offset() + PackFormat.RECORD_BYTES);
        flip(blob(9), entry(9).location().offset() + PackFormat.RECORD_BYTES);
        lose("cache");
        RepairReport report = repair(backup().source(made.id(), engine));
        assertThat(report.repaired()).isEqualTo(2);
        assertThat(report.lost()).isEqualTo(1);
        assertThat(uses(report.losses())).containsExactly("file f9");
        assertReads(0, 9);
        assertThat(uses(fsck().findings())).containsExactly("file f9");
    }

    @Test
    void whatTheCacheHasIsRepairedFromThere() {
        pack(0, 5);
        flip(blob(2), entry(2).location().offset() + PackFormat.RECORD_BYTES);
        assertThat(fsck().damaged()).isEqualTo(1); // the cache does not hide it
        assertThat(repair(NOTHING).repaired()).isEqualTo(1);
        assertThat(fsck().isClean()).isTrue();
        assertReads(0, 5);
    }

    @Test
    void aMissingPackIsNamedWithTheFilesItTook() throws IOException {
        pack(0, 3);
        pack(3, 5);
        BackupInfo made = backup().run(engine).backup();
        String gone = blob(1);
        tier().delete(gone);
        FsckReport report = fsck();
        assertThat(report.damaged()).isEqualTo(3);
        assertThat(report.problems())
                .singleElement()
                .satisfies(problem -> assertThat(problem).contains(gone, "missing", "3 chunks"));
        assertThat(uses(report.findings())).containsExactly("file f0", "file f1", "file f2");
        assertThat(report.findings()).allMatch(finding -> finding.problem().contains("missing"));

        lose("cache");
        assertThat(uses(repair(NOTHING).losses())).hasSize(3);
        RepairReport mended = repair(backup().source(made.id(), engine));
        assertThat(mended.repaired()).isEqualTo(3);
        assertThat(mended.lost()).isZero();
        assertThat(mended.problems()).isEmpty();
        assertThat(fsck().isClean()).isTrue();
        assertReads(0, 5);
    }

    @Test
    void aTruncatedPackLosesItsEndOnly() throws IOException {
        pack(0, 6);
        BackupInfo made = backup().run(engine).backup();
        String blob = blob(0);
        change(blob, bytes -> Arrays.copyOf(bytes, (int) entry(4).location().offset() + 200));
        lose("cache");
        FsckReport report = fsck();
        assertThat(report.damaged()).isEqualTo(6); // the pack is not to be trusted
        assertThat(report.problems())
                .singleElement()
                .satisfies(problem -> assertThat(problem).contains(blob, "no valid footer"));
        assertThat(report.findings())
                .filteredOn(finding -> finding.problem().contains("itself is whole"))
                .extracting(FsckReport.Finding::use)
                .containsExactlyInAnyOrder("file f0", "file f1", "file f2", "file f3");

        RepairReport partly = repair(NOTHING);
        assertThat(partly.repaired()).isEqualTo(4);
        assertThat(uses(partly.losses())).containsExactlyInAnyOrder("file f4", "file f5");
        assertThat(repair(backup().source(made.id(), engine)).repaired()).isEqualTo(2);
        assertThat(fsck().isClean()).isTrue();
        assertReads(0, 6);
    }

    @Test
    void aDamagedFooterIsMendedFromThePackItself() throws IOException {
        pack(0, 4);
        String blob = blob(0);
        flip(blob, -10);
        FsckReport report = fsck();
        assertThat(report.damaged()).isEqualTo(4);
        assertThat(report.findings())
                .allMatch(finding -> finding.problem().contains("no valid footer"));
        lose("cache", "index"); // the pack is walked
        assertReads(0, 4);
        RepairReport mended = repair(NOTHING);
        assertThat(mended.repaired()).isEqualTo(4);
        assertThat(mended.problems()).isEmpty();
        assertThat(fsck().isClean()).isTrue();
        assertThat(blob(0)).isNotEqualTo(blob);
        assertReads(0, 4);
        engine.maintenance().compact(FAST);
        assertThat(((TierChunkStore) engine.chunks()).parts().packs().count()).isEqualTo(1);
    }

    @Test
    void aDamagedEntryOfAFooterIsMendedToo() throws IOException {
        pack(0, 4);
        String blob = blob(0);
        flip(blob, -PackFormat.TRAILER_BYTES - 2 * PackFormat.RECORD_BYTES + 60);
        lose("cache", "index");
        assertReads(0, 4);
        FsckReport report = fsck();
        assertThat(report.damaged()).isEqualTo(4);
        assertThat(report.problems().toString()).contains("an entry of it is damaged");
        assertThat(repair(NOTHING).repaired()).isEqualTo(4);
        assertThat(fsck().isClean()).isTrue();
    }

    @Test
    void aDamagedHeaderTakesThePack() throws IOException {
        pack(0, 3);
        pack(3, 5);
        BackupInfo made = backup().run(engine).backup();
        flip(blob(0), 3);
        String blob = blob(0);
        lose("cache", "index");
        FsckReport report = fsck();
        assertThat(uses(report.findings())).containsExactly("file f0", "file f1", "file f2");
        assertThat(report.problems())
                .singleElement()
                .satisfies(problem -> assertThat(problem).contains(blob, "no valid header"));
        RepairReport mended = repair(backup().source(made.id(), engine));
        assertThat(mended.repaired()).isEqualTo(3);
        assertThat(mended.problems()).isEmpty();
        assertThat(fsck().isClean()).isTrue(); // though the pack is there still: nobody needs it
        assertReads(0, 5);
    }

    @Test
    void factsThatNameWhatNoPackHasAreNamed() {
        byte[] list = TestRoots.bytes(List.of(id(1), id(77)));
        pack(1, 2);
        ChunkId node = Chunks.put(engine.chunks(), list);
        engine.chunks().sync();
        engine.facts()
                .commit(
                        Txn.in(SPACE)
                                .put(Key.of("list", "l"), TestRoots.bytes(node))
                                .require(node)
                                .build());
        FsckReport report = fsck();
        assertThat(report.findings())
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.chunk()).isEqualTo(id(77));
                    assertThat(finding.problem()).contains("no pack has it");
                    assertThat(finding.use()).isEqualTo("entry of l");
                });
    }

    @Test
    void packsOfAnotherMemberAreChecked() throws IOException {
        pack(0, 2);
        try (TierChunkStore other = TierStores.open(tier(), directory.resolve("other"))) {
            Chunks.put(other, Chunks.bytes(50, LENGTH));
            other.sync();
        }
        FsckReport report = fsck();
        assertThat(report.isClean()).isTrue();
        assertThat(report.liveChunks()).isEqualTo(3);
        flip(blob(50), entry(50).location().offset() + PackFormat.RECORD_BYTES);
        assertThat(fsck().findings())
                .singleElement()
                .satisfies(finding -> assertThat(finding.use()).isEmpty());
    }
}
