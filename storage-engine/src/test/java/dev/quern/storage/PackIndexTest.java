package dev.quern.storage;

import static dev.quern.storage.ChunkStoreContract.assertKind;
import static dev.quern.storage.Chunks.OTHER;
import static dev.quern.storage.Chunks.SPACE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.common.SpaceId;
import dev.quern.storage.PackIndex.Entry;
import dev.quern.storage.PackIndex.Location;
import dev.quern.storage.PackIndex.PackState;
import dev.quern.storage.PackIndex.Progress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.LRUCache;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;

final class PackIndexTest {
    static {
        RocksDB.loadLibrary();
    }

    private final LRUCache cache = new LRUCache(1 << 20);
    private final FaultyDisk disk = new FaultyDisk();
    @TempDir Path directory;
    private PackIndex index;

    @BeforeEach
    void open() throws IOException {
        index = PackIndex.open(disk, directory, cache);
    }

    @AfterEach
    void close() {
        index.close();
        cache.close();
    }

    @Test
    void keepsEntriesAndStatesOverReopening() throws IOException {
        Entry first = add(SPACE, 1, 1, 32);
        index.add(Map.of(), Map.of(1L, new Progress(500, true)));
        index.quarantine(SPACE, first.id(), first.location(), true);
        index.condemn(SPACE, List.of(first.quarantined(true)), 77);
        index.close();
        open();

        assertThat(index.find(SPACE, first.id()))
                .contains(new Entry(first.id(), new Location(1, 32), 101, 77, true));
        assertThat(index.packs()).isEqualTo(Map.of(1L, new PackState(500, 1, 101, 1, true)));
        assertThat(index.chunks()).isEqualTo(1);
    }

    @Test
    void scansASpaceInPages() {
        List<ChunkId> ids = new ArrayList<>();
        for (int i = 0; i < 25; i++) {
            ids.add(add(SPACE, i, 1, 100L * i).id());
        }
        add(OTHER, 1, 1, 5000);
        add(new SpaceId("default2"), 1, 1, 6000);
        ids.sort((a, b) -> a.hex().compareTo(b.hex()));
        List<ChunkId> seen = new ArrayList<>();
        Optional<ChunkId> after = Optional.empty();
        List<Entry> page = index.scan(SPACE, after, 10);
        while (!page.isEmpty()) {
            assertThat(page.size()).isIn(5, 10);
            page.forEach(entry -> seen.add(entry.id()));
            page = index.scan(SPACE, Optional.of(seen.getLast()), 10);
        }

        assertThat(seen).isEqualTo(ids);
        assertThat(index.scan(new SpaceId("none"), Optional.empty(), 10)).isEmpty();
        assertThat(index.spaces()).containsExactly(SPACE, new SpaceId("default2"), OTHER);
        assertThatThrownBy(() -> index.scan(SPACE, Optional.empty(), PackIndex.MAX_SCAN + 1))
                .satisfies(e -> assertKind(e, ErrorKind.INVALID));
    }

    @Test
    void condemnsOnlyWhatIsStillTheSameAndRescues() {
        Entry first = add(SPACE, 1, 1, 32);
        Entry second = add(SPACE, 2, 1, 300);
        add(SPACE, 2, 2, 32); // put again elsewhere

        assertThat(index.condemn(SPACE, List.of(first, second), 50)).isEqualTo(1);
        assertThat(index.find(SPACE, first.id())).contains(first.condemned(50));
        assertThat(index.remove(SPACE, first)).isFalse();
        assertThat(index.rescue(SPACE, first.id())).contains(first);
        assertThat(index.remove(SPACE, first.condemned(50))).isFalse();
        assertThat(index.remove(SPACE, first)).isTrue();
        assertThat(index.rescue(SPACE, first.id())).isEmpty();
        assertThat(index.remove(SPACE, first)).isFalse();
    }

    @Test
    void movesOnlyFromWhereItWas() {
        Entry entry = add(SPACE, 1, 1, 32);
        Location to = new Location(9, 64);

        assertThat(index.move(SPACE, entry.id(), new Location(1, 33), to)).isFalse();
        assertThat(index.move(OTHER, entry.id(), entry.location(), to)).isFalse();
        index.condemn(SPACE, List.of(entry), 5);
        assertThat(index.move(SPACE, entry.id(), entry.location(), to)).isTrue();
        assertThat(index.find(SPACE, entry.id())).contains(entry.at(to).condemned(5));
        assertThat(index.move(SPACE, entry.id(), entry.location(), to)).isFalse();
        assertThat(index.quarantine(SPACE, entry.id(), entry.location(), true)).isFalse();
        assertThat(index.quarantine(SPACE, entry.id(), to, true)).isTrue();
        assertThat(index.find(SPACE, entry.id()).orElseThrow().quarantined()).isTrue();
        assertThat(index.quarantined()).isEqualTo(1);
        index.quarantine(SPACE, entry.id(), to, true);
        assertThat(index.quarantined()).isEqualTo(1);
        add(SPACE, 1, 1, 32); // stored again
        assertThat(index.quarantined()).isZero();
    }

    @Test
    void countsWhatIsAliveInEachPack() {
        Entry first = add(SPACE, 1, 1, 32);
        Entry second = add(SPACE, 2, 1, 300);
        assertThat(index.packs().get(1L)).isEqualTo(new PackState(32, 2, 203, 0, false));

        add(SPACE, 1, 1, 32); // indexed a second time, as after a crash
        assertThat(state(1).chunks()).isEqualTo(2);
        index.move(SPACE, first.id(), first.location(), new Location(2, 32));
        assertThat(state(1).liveBytes()).isEqualTo(102);
        assertThat(state(2).liveBytes()).isEqualTo(101);
        assertThatThrownBy(() -> index.dropPack(1)).hasMessageContaining("pack 1 still has 1");
        index.remove(SPACE, second);
        index.dropPack(1);
        index.sync();

        assertThat(index.packs()).containsOnlyKeys(2L);
        assertThat(index.chunks()).isEqualTo(1);
    }

    /// A pack may hold a chunk twice: once damaged, once put again.
    @Test
    void lastRecordOfABatchCounts() {
        PackRecord damaged = record(SPACE, 1, 32);
        PackRecord again = record(SPACE, 1, 300);
        index.add(Map.of(1L, List.of(damaged, again)), Map.of());

        assertThat(index.find(SPACE, again.id()).orElseThrow().location())
                .isEqualTo(new Location(1, 300));
        assertThat(state(1).chunks()).isEqualTo(1);
    }

    @Test
    void forgetsEverythingWhenCleared() {
        add(SPACE, 1, 1, 32);
        index.clear();

        assertThat(index.chunks()).isZero();
        assertThat(index.packs()).isEmpty();
        assertThat(index.spaces()).isEmpty();
    }

    @Test
    void indexOfAnotherVersionIsMadeAnew() throws IOException, RocksDBException {
        Entry entry = add(SPACE, 1, 1, 32);
        index.close();
        otherVersion();
        open();

        assertThat(index.find(SPACE, entry.id())).isEmpty();
    }

    private void otherVersion() throws RocksDBException {
        try (Rocks rocks = new Rocks(disk, directory, cache);
                WriteBatch batch = new WriteBatch()) {
            batch.put(PackIndexFormat.VERSION_KEY, new byte[] {0, 0, 0, 1});
            rocks.write(batch, true);
        }
    }

    /// As builds left it that removed the manifest before its name.
    @Test
    void indexWithoutAManifestIsMadeAnew() throws IOException {
        Entry entry = add(SPACE, 1, 1, 32);
        index.close();
        for (Path file : disk.list(directory, "")) {
            if (file.toString().contains("MANIFEST-")) {
                disk.delete(file);
            }
        }
        open();

        assertThat(index.isNew()).isTrue();
        assertThat(index.find(SPACE, entry.id())).isEmpty();
    }

    /// A process dies while it makes an index anew, after any of its steps: the next one makes it
    /// anew, too, and reads nothing of the old one.
    @Test
    void indexIsMadeAnewAfterDeathInTheMiddle() throws IOException, RocksDBException {
        boolean died = true;
        for (int steps = 0; died; steps++) {
            Entry entry = add(SPACE, 1, 1, 32);
            index.close();
            otherVersion();
            disk.failNamesAfter(steps);
            died = !opens();
            disk.failNamesAfter(Integer.MAX_VALUE);
            index.close();
            open();
            assertThat(index.find(SPACE, entry.id())).as("after %d steps", steps).isEmpty();
            assertThat(steps).isLessThan(20);
        }
    }

    private boolean opens() {
        try {
            open();
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private PackState state(long pack) {
        return index.packs().getOrDefault(pack, PackState.NEW);
    }

    private Entry add(SpaceId space, int seed, long pack, long offset) {
        PackRecord record = record(space, seed, offset);
        index.add(Map.of(pack, List.of(record)), Map.of());
        return index.find(space, record.id()).orElseThrow();
    }

    private static PackRecord record(SpaceId space, int seed, long offset) {
        ChunkId id = MemoryChunkStore.idOf(Chunks.bytes(seed, 10));
        return new PackRecord(offset, 152, space, id, BodyForm.plain(100 + seed, 0));
    }
}
