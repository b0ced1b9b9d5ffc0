package dev.quern.storage;

import static dev.quern.storage.Chunks.SPACE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ErrorKind;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// On a tier in memory.
final class TierChunkStoreTest extends ChunkStoreContract {
    @TempDir Path directory;
    private final MemoryTier tier = new MemoryTier();
    private final FaultyDisk disk = new FaultyDisk();
    private TierChunkStore store;

    @BeforeEach
    @SuppressWarnings("MustBeClosedChecker") // closed after each test
    void open() {
        store = TierStores.open(tier, directory.resolve("a"), disk, new Random(1));
    }

    @AfterEach
    void close() {
        store.close();
    }

    @Override
    ChunkStore store() {
        return store;
    }

    @Test
    void keepsEverythingOverReopening() {
        List<ChunkId> ids = putMany(0, 100);
        close();
        open();
        ids.addAll(putMany(100, 150));
        close();
        open();

        assertReads(store, ids);
        assertThat(store.stats().chunks()).isEqualTo(150);
        assertThat(store.put(SPACE, MemorySegment.ofArray(chunk(3))).stored()).isFalse();
        assertThat(files("a/staging")).isEmpty();
    }

    @Test
    void anEmptyMachineFindsEverything() {
        List<ChunkId> ids = putMany(0, 120);
        close();
        try (TierChunkStore other = member("b")) {
            assertThat(other.stats().chunks()).isEqualTo(120);
            assertThat(other.stats().packs()).isEqualTo(packs().size());
            assertReads(other, ids);
        }
        open();
    }

    @Test
    void membersSeeEachOthersChunks() {
        try (TierChunkStore other = member("b")) {
            List<ChunkId> ids = putMany(0, 30);
            awaitDurable(other, ids.getFirst());
            assertReads(other, ids);

            ChunkId back = Chunks.put(other, chunk(1000));
            other.sync();
            awaitDurable(store, back);
            assertThat(store.read(SPACE, back)).isEqualTo(chunk(1000));
        }
    }

    @Test
    void askingForWhatIsNowhereListsOnceASecond() {
        int before = tier.lists();
        for (int i = 0; i < 200; i++) {
            assertThat(store.contains(SPACE, MemoryChunkStore.idOf(chunk(5000 + i)))).isFalse();
        }
        assertThat(tier.lists() - before).isLessThan(100);
    }

    @Test
    void manyWritersShareUploads() throws ExecutionException, InterruptedException {
        int writers = 32;
        List<Callable<ChunkId>> puts = new ArrayList<>();
        for (int i = 0; i < writers; i++) {
            byte[] bytes = chunk(i);
            puts.add(() -> {
                ChunkId id = Chunks.put(store, bytes);
                store.sync();
                assertThat(store.isDurable(SPACE, id)).isTrue();
                return id;
            });
        }
        tier.delayPuts(20);
        List<ChunkId> ids = new ArrayList<>();
        try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<ChunkId> put : pool.invokeAll(puts)) {
                ids.add(put.get());
            }
        }
        assertReads(store, ids);
        assertThat(packs().size()).isLessThan(writers / 2);
    }

    @Test
    void anOutageLosesNothing() {
        List<ChunkId> ids = putMany(0, 10);
        tier.down(true);
        ChunkId waiting = Chunks.put(store, chunk(10));
        assertThatThrownBy(() -> store.sync()).satisfies(e -> assertKind(e, ErrorKind.UNAVAILABLE));
        assertThat(store.isDurable(SPACE, waiting)).isFalse();
        assertThat(store.read(SPACE, waiting)).isEqualTo(chunk(10));
        assertReads(store, ids); // from the cache
        ChunkId more = Chunks.put(store, chunk(11));
        assertThatThrownBy(() -> store.sync()).satisfies(e -> assertKind(e, ErrorKind.UNAVAILABLE));
        tier.down(false);
        store.sync();

        assertThat(store.isDurable(SPACE, waiting)).isTrue();
        ids.add(waiting);
        ids.add(more);
        assertReads(store, ids);
        try (TierChunkStore other = member("b")) {
            assertReads(other, ids);
        }
    }

    @Test
    void whatWasNotSyncedIsGoneAfterACrash() {
        ChunkId lost = Chunks.put(store, chunk(1));
        try (TierChunkStore again = member("crashed")) {
            assertThat(again.contains(SPACE, lost)).isFalse();
        }
    }

    @Test
    void aFullStagingDiskIsExhaustedAndPasses() {
        List<ChunkId> ids = putMany(0, 5);
        ids.add(Chunks.put(store, chunk(5)));
        disk.limitWritable(20); // not even a footer
        assertThatThrownBy(() -> Chunks.put(store, Chunks.bytes(99, 5000)))
                .satisfies(e -> assertKind(e, ErrorKind.EXHAUSTED));
        assertThatThrownBy(() -> store.sync()).satisfies(e -> assertKind(e, ErrorKind.EXHAUSTED));
        disk.limitWritable(Long.MAX_VALUE);
        store.sync();

        ids.addAll(putMany(6, 8));
        assertReads(store, ids);
        try (TierChunkStore other = member("b")) {
            assertReads(other, ids);
        }
    }

    @Test
    void damageInTheTierIsCorruptAndNamed() {
        ChunkId id = Chunks.put(store, Chunks.bytes(1, 5000));
        ChunkId other = Chunks.put(store, Chunks.bytes(2, 5000));
        store.sync();
        String pack = packs().getFirst();
        tier.damage(pack, 2000);
        try (TierChunkStore cold = member("b")) {
            assertThatThrownBy(() -> cold.read(SPACE, id))
                    .satisfies(e -> assertKind(e, ErrorKind.CORRUPT))
                    .hasMessageContaining(pack)
                    .hasMessageContaining(id.hex());
            assertThat(cold.read(SPACE, other)).isEqualTo(Chunks.bytes(2, 5000));
            assertThat(cold.put(SPACE, MemorySegment.ofArray(Chunks.bytes(1, 5000))).stored())
                    .isTrue();
            cold.sync();
            assertThat(cold.read(SPACE, id)).isEqualTo(Chunks.bytes(1, 5000));
        }
    }

    @Test
    void whatIsNoPackIsLeftAside() {
        List<ChunkId> ids = putMany(0, 10);
        tier.putIfAbsent("chunks/packs/0000000000000001.pack", MemorySegment.ofArray(new byte[9]));
        tier.putIfAbsent(
                "chunks/packs/0000000000000002.pack",
                MemorySegment.ofArray(Chunks.bytes(7, 70_000)));
        tier.putIfAbsent("chunks/packs/readme.txt", MemorySegment.ofArray(new byte[9]));

        try (TierChunkStore other = member("b")) {
            assertReads(other, ids);
        }
    }

    @Test
    void aLostPackIsNoticedAndTheOthersStay() {
        List<ChunkId> ids = putMany(0, 3);
        List<String> before = packs();
        ids.addAll(putMany(3, 6));
        close();
        before.forEach(tier::delete);
        open();

        assertThat(store.contains(SPACE, ids.getFirst())).isFalse();
        assertThat(store.read(SPACE, ids.getLast())).isEqualTo(chunk(5));
    }

    @Test
    void refusesTheDirectoryOfAnotherStore() {
        MemoryTier another = new MemoryTier();
        assertThatThrownBy(() -> openAndClose(another, "a"))
                .satisfies(e -> assertKind(e, ErrorKind.INVALID))
                .hasMessageContaining("belongs to chunk store");
        MemoryTier later = new MemoryTier();
        later.putIfAbsent(
                TierStoreFormat.STORE, MemorySegment.ofArray(Chunks.text("quern-chunks 2 x\n")));
        assertThatThrownBy(() -> openAndClose(later, "c"))
                .satisfies(e -> assertKind(e, ErrorKind.INVALID));
    }

    @Test
    void leaseOutlivesSyncAndStore() {
        ChunkId id = Chunks.put(store, chunk(1));
        try (ChunkLease staged = store.open(SPACE, id)) {
            store.sync();
            try (ChunkLease cached = store.open(SPACE, id)) {
                close();
                assertThat(staged.bytes().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(chunk(1));
                assertThat(cached.bytes().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(chunk(1));
            }
        }
        open();
    }

    @Test
    void readsAfterASyncNeedNoTier() {
        List<ChunkId> ids = putMany(0, 50);
        int before = tier.reads();
        assertReads(store, ids);

        assertThat(tier.reads()).isEqualTo(before);
        assertThat(store.cacheStats().hits()).isGreaterThanOrEqualTo(50);
    }

    private void openAndClose(Tier other, String name) {
        try (TierChunkStore opened = TierStores.open(other, directory.resolve(name))) {
            assertThat(opened).isNull();
        }
    }

    @MustBeClosed
    private TierChunkStore member(String name) {
        return TierStores.open(tier, directory.resolve(name), disk, new Random(name.hashCode()));
    }

    private static void awaitDurable(ChunkStore store, ChunkId id) {
        long deadline = System.nanoTime() + 10_000_000_000L;
        while (!store.isDurable(SPACE, id)) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    private List<String> packs() {
        return tier.names().stream().filter(n -> n.startsWith(TierStoreFormat.PACKS)).toList();
    }

    private List<Path> files(String under) {
        try (Stream<Path> all = Files.walk(directory.resolve(under))) {
            return all.filter(Files::isRegularFile).toList();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /// Puts and syncs.
    private List<ChunkId> putMany(int from, int to) {
        List<ChunkId> ids = new ArrayList<>();
        for (int i = from; i < to; i++) {
            ids.add(Chunks.put(store, chunk(i)));
        }
        store.sync();
        return ids;
    }

    private static void assertReads(ChunkStore from, List<ChunkId> ids) {
        for (int i = 0; i < ids.size(); i++) {
            assertThat(from.isDurable(SPACE, ids.get(i))).isTrue();
            assertThat(from.read(SPACE, ids.get(i))).isEqualTo(chunk(i));
        }
    }

    private static byte[] chunk(int i) {
        return Chunks.bytes(i, 1 + (i * 37 % 9000));
    }
}
