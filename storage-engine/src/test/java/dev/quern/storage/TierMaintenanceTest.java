package dev.quern.storage;

import static dev.quern.storage.Chunks.SPACE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ByteSize;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Garbage collection and compaction of an engine whose chunks are in a tier.
final class TierMaintenanceTest {
    private static final Duration HOUR = Duration.ofHours(1);
    private static final ByteSize UNLIMITED = new ByteSize(0);

    @TempDir Path directory;
    private final AtomicLong millis = new AtomicLong(TierStores.NOW.toEpochMilli());
    private MemoryTier tier = new MemoryTier();
    private StorageEngine engine;

    @BeforeEach
    @SuppressWarnings("MustBeClosedChecker") // closed after each test
    void open() {
        engine = open(directory.resolve("data"));
    }

    @AfterEach
    void close() {
        engine.close();
    }

    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // handed on
    private StorageEngine open(Path at) {
        StorageEngine opened =
                StorageEngine.open(
                        Engines.config(at),
                        new TieredChunks(
                                tier,
                                ByteSize.ofMebibytes(2),
                                () -> Instant.ofEpochMilli(millis.get())));
        opened.roots().register(new TestRoots(opened.facts()));
        return opened;
    }

    /// Puts chunks into a pack of their own; a fact names each of which the seed is even.
    private List<ChunkId> pack(int from, int to, int bytes) {
        List<ChunkId> ids = new ArrayList<>();
        for (int seed = from; seed < to; seed++) {
            ids.add(Chunks.put(engine.chunks(), Chunks.bytes(seed, bytes)));
        }
        engine.chunks().sync();
        for (int seed = from; seed < to; seed++) {
            if (seed % 2 == 0) {
                name(Integer.toString(seed), ids.get(seed - from));
            }
        }
        return ids;
    }

    private void name(String file, ChunkId id) {
        byte[] value = TestRoots.bytes(id);
        engine.facts().commit(Txn.in(SPACE).put(Key.of("file", file), value).require(id).build());
    }

    private void forget(int seed) {
        Key key = Key.of("file", Integer.toString(seed));
        engine.facts().commit(Txn.in(SPACE).delete(key).build());
    }

    private GcReport.Space gc(Duration grace) {
        return engine.maintenance().gc(GcRequest.defaults().withGrace(grace)).spaces().getFirst();
    }

    private CompactReport compact() {
        return engine.maintenance().compact(UNLIMITED);
    }

    private List<String> blobs(String prefix) {
        return tier.names().stream().filter(name -> name.startsWith(prefix)).toList();
    }

    private static void assertReads(ChunkStore store, int from, int to, int bytes) {
        for (int seed = from; seed < to; seed++) {
            if (seed % 2 == 0) {
                byte[] expected = Chunks.bytes(seed, bytes);
                assertThat(store.read(SPACE, MemoryChunkStore.idOf(expected))).isEqualTo(expected);
            }
        }
    }

    @Test
    void removesInTwoPhasesWhatNothingNames() {
        List<ChunkId> ids = pack(0, 4, 500);
        GcRequest dry = GcRequest.defaults().withDryRun(true);
        assertThat(engine.maintenance().gc(dry).spaces().getFirst().garbage())
                .hasSize(2)
                .allMatch(garbage -> garbage.reason().contains("condemned by the next run"));
        assertThat(gc(HOUR).condemned()).isEqualTo(new GcReport.Count(2, 1000));
        assertThat(gc(HOUR).removed()).isEqualTo(GcReport.Count.NONE);
        millis.addAndGet(HOUR.toMillis());
        assertThat(engine.maintenance().gc(dry).spaces().getFirst().garbage())
                .allMatch(garbage -> garbage.reason().endsWith("to be removed"));
        assertThat(gc(HOUR).removed()).isEqualTo(new GcReport.Count(2, 1000));

        assertThat(engine.chunks().contains(SPACE, ids.get(1))).isFalse();
        assertReads(engine.chunks(), 0, 4, 500);
        assertThat(engine.counts().gcRemovedChunks()).isEqualTo(2);
    }

    @Test
    void sparesWhatIsPutLookedUpPinnedOrOnItsWay() {
        List<ChunkId> ids = pack(1, 10, 300);
        try (ChunkPins pins = engine.chunks().pin(SPACE, List.of(ids.get(4)))) {
            gc(Duration.ZERO);
            assertThat(pins).isNotNull();
            Chunks.put(engine.chunks(), Chunks.bytes(1, 300));
            assertThat(engine.chunks().isDurable(SPACE, ids.get(2))).isTrue();
            assertThat(gc(Duration.ZERO).removed().chunks()).isEqualTo(2);
        }
        assertThat(engine.chunks().read(SPACE, ids.get(4))).isEqualTo(Chunks.bytes(5, 300));
        assertThat(engine.chunks().read(SPACE, ids.get(0))).isEqualTo(Chunks.bytes(1, 300));
        try (ChunkPins writing = engine.chunks().pinWrites(SPACE)) {
            assertThat(writing).isNotNull();
            gc(Duration.ZERO);
            assertThat(gc(Duration.ZERO).removed()).isEqualTo(GcReport.Count.NONE);
        }
        millis.addAndGet(1);
        gc(Duration.ZERO);
        assertThat(gc(Duration.ZERO).live().chunks()).isEqualTo(4);
    }

    @Test
    void aDeadPackIsDeletedAfterTheGrace() {
        pack(0, 2, 500);
        forget(0);
        gc(Duration.ZERO);
        gc(Duration.ZERO);
        CompactReport report = compact();
        assertThat(report.packsRemoved()).isEqualTo(1);
        assertThat(report.bytesFreed()).isGreaterThan(1000);
        assertThat(blobs(TierStoreFormat.PACKS)).hasSize(1);
        assertThat(blobs(TierStoreFormat.RETIRED)).hasSize(1);
        assertThat(engine.chunks().stats()).isEqualTo(new ChunkStore.ChunkStats(0, 0, 0));

        compact();
        assertThat(blobs(TierStoreFormat.PACKS)).hasSize(1);
        millis.addAndGet(HOUR.toMillis());
        compact();
        assertThat(blobs(TierStoreFormat.PACKS)).isEmpty();
        assertThat(blobs(TierStoreFormat.RETIRED)).isEmpty();
    }

    @Test
    void aMostlyDeadPackIsRewritten() {
        pack(0, 40, 1000);
        for (int seed = 0; seed < 30; seed += 2) {
            forget(seed);
        }
        gc(Duration.ZERO);
        gc(Duration.ZERO);
        long dead = engine.counts().deadBytes();
        CompactReport report = compact();
        assertThat(report.packsRemoved()).isEqualTo(1);
        assertThat(report.chunksMoved()).isEqualTo(5);
        assertThat(engine.counts().deadBytes()).isLessThan(dead / 10);
        gc(Duration.ZERO);
        assertThat(blobs(TierStoreFormat.PACKS)).hasSize(1);

        assertReads(engine.chunks(), 30, 40, 1000);
        close();
        open();
        assertReads(engine.chunks(), 30, 40, 1000);
        assertThat(engine.chunks().stats().chunks()).isEqualTo(5);
    }

    @Test
    void smallPacksAreMerged() {
        for (int i = 0; i < 6; i++) {
            pack(i * 4, i * 4 + 4, 700);
        }
        assertThat(compact().packsRemoved()).isEqualTo(6);
        assertThat(engine.chunks().stats().packs()).isEqualTo(1);
        assertReads(engine.chunks(), 0, 24, 700);
        assertThat(compact().packsRemoved()).isZero();
        try (TierChunkStore fresh = TierStores.open(tier, directory.resolve("fresh"))) {
            assertThat(fresh.stats().packs()).isEqualTo(1); // the retired are not taken in
            assertReads(fresh, 0, 24, 700);
        }
    }

    @Test
    void aDamagedChunkStaysWhereItIs() {
        pack(0, 10, 1000);
        tier.damage(blobs(TierStoreFormat.PACKS).getFirst(), 400);
        for (int seed = 2; seed < 8; seed += 2) {
            forget(seed);
        }
        gc(Duration.ZERO);
        gc(Duration.ZERO);
        CompactReport report = compact();
        assertThat(report.quarantined()).isEqualTo(1);
        assertThat(report.packsKept()).isEqualTo(1);
        assertThat(compact().packsKept()).isZero();
        assertReads(engine.chunks(), 8, 10, 1000);
        Chunks.put(engine.chunks(), Chunks.bytes(0, 1000)); // stored anew
        engine.chunks().sync();
        assertThat(compact().packsRemoved()).isEqualTo(1);
        assertReads(engine.chunks(), 0, 1, 1000);
    }

    @Test
    void nothingIsRemovedBehindAnotherMembersBack() {
        pack(0, 20, 1000);
        for (int seed = 2; seed < 20; seed += 2) {
            forget(seed);
        }
        gc(Duration.ZERO);
        try (TierChunkStore other = TierStores.open(tier, directory.resolve("other"))) {
            assertThatThrownBy(() -> gc(Duration.ZERO))
                    .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.CONFLICT))
                    .hasMessageContaining(
                            memberOf("other").substring(TierStoreFormat.MEMBERS.length()));
            assertThatThrownBy(this::compact)
                    .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.CONFLICT));
            GcRequest dry = GcRequest.defaults().withDryRun(true);
            assertThat(engine.maintenance().gc(dry).dryRun()).isTrue();

            // As if it were of an earlier build: its reads find what has moved all the same.
            tier.delete(memberOf("other"));
            assertThatThrownBy(this::compact)
                    .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.CONFLICT));
            blobs(memberOf("other") + "-").forEach(tier::delete);
            gc(Duration.ZERO);
            compact();
            gc(Duration.ZERO);
            assertThat(blobs(TierStoreFormat.PACKS)).hasSize(1);
            assertReads(other, 0, 1, 1000);
            ChunkId gone = MemoryChunkStore.idOf(Chunks.bytes(3, 1000));
            assertThat(other.contains(SPACE, gone)).isFalse();
        }
        tier.delete(memberOf("data/chunks-tier"));
        assertThatThrownBy(this::compact)
                .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.CONFLICT))
                .hasMessageContaining("start it again");
    }

    private String memberOf(String member) {
        try {
            return Files.readString(directory.resolve(member + "/member")).strip();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void anOutageAtAnyCallLosesNothing() {
        crashAtEachCall(false);
    }

    @Test
    void anAnswerLostAtAnyCallLosesNothing() {
        crashAtEachCall(true);
    }

    @SuppressWarnings("MustBeClosedChecker") // closed after each round
    private void crashAtEachCall(boolean arrives) {
        boolean whole = false;
        for (int calls = 0; !whole; calls++) {
            close();
            tier = new MemoryTier();
            Path at = directory.resolve("crash-" + arrives + calls);
            engine = open(at);
            prepare();
            tier.failCallsAfter(calls, arrives);
            whole = maintain();
            tier.down(true);
            engine.close();
            tier.down(false);
            engine = open(at);
            assertHolds("crash at call " + calls);
            try (TierChunkStore fresh = TierStores.open(tier, at.resolve("fresh"))) {
                assertReads(fresh, 10, 40, 900);
                tier.delete(memberOf(directory.relativize(at.resolve("fresh")).toString()));
            }
            assertThat(maintain()).isTrue();
            assertHolds("after a crash at call " + calls);
        }
    }

    private void prepare() {
        for (int i = 0; i < 4; i++) {
            pack(i * 10, i * 10 + 10, 900);
        }
        for (int seed = 0; seed < 10; seed += 2) {
            forget(seed);
        }
        gc(Duration.ZERO);
        Chunks.put(engine.chunks(), Chunks.bytes(11, 900)); // rescued, named below
        name("late", MemoryChunkStore.idOf(Chunks.bytes(11, 900)));
    }

    private boolean maintain() {
        try {
            gc(Duration.ZERO);
            compact();
            gc(Duration.ZERO);
            compact();
            millis.addAndGet(2 * HOUR.toMillis());
            compact();
            return true;
        } catch (QuernException e) {
            ChunkStoreContract.assertKind(e, ErrorKind.UNAVAILABLE);
            return false;
        }
    }

    private void assertHolds(String when) {
        assertThat(engine.chunks()).as(when).isNotNull();
        assertReads(engine.chunks(), 10, 40, 900);
        byte[] late = Chunks.bytes(11, 900);
        assertThat(engine.chunks().read(SPACE, MemoryChunkStore.idOf(late))).isEqualTo(late);
        Random random = new Random(5);
        byte[] fresh = Chunks.bytes(random.nextInt(), 100);
        ChunkId id = engine.chunks().put(SPACE, MemorySegment.ofArray(fresh)).id();
        engine.chunks().sync();
        assertThat(engine.chunks().read(SPACE, id)).isEqualTo(fresh);
    }
}
