package dev.quern.storage;

import static dev.quern.storage.Chunks.SPACE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ByteSize;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.OperationStatus.State;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Operations that are cancelled in the middle: they stop, what is stored is right, and the next
/// run does the rest.
final class CancellationTest {
    private static final ByteSize FAST = new ByteSize(0);
    private static final GcRequest AT_ONCE = GcRequest.defaults().withGrace(Duration.ZERO);
    private static final int LENGTH = 4000;

    @TempDir Path directory;
    private final FaultyDisk disk = new FaultyDisk();
    private final AtomicReference<Runnable> atVisit = new AtomicReference<>(() -> {});
    private StorageEngine engine;

    @BeforeEach
    @SuppressWarnings("MustBeClosedChecker") // closed after each test
    void open() {
        engine = Engines.open(directory.resolve("data"), disk);
        register(engine);
    }

    private void register(StorageEngine opened) {
        opened.roots().register(new TestRoots(opened.facts()));
        opened.roots().register(new Visited(atVisit));
    }

    /// Owns nothing, and does something when it is asked.
    private record Visited(AtomicReference<Runnable> atVisit) implements ChunkRoots {
        @Override
        public Set<String> kinds() {
            return Set.of();
        }

        @Override
        public void visit(SpaceId space, RootVisitor visitor) {
            atVisit.get().run();
        }
    }

    @AfterEach
    void close() {
        engine.close();
    }

    private List<ChunkId> put(int from, int to, int length) {
        List<ChunkId> ids = new ArrayList<>();
        for (int i = from; i < to; i++) {
            ids.add(Chunks.put(engine.chunks(), Chunks.bytes(i, length)));
        }
        engine.chunks().sync();
        return ids;
    }

    private List<ChunkId> nameEvery(int n, List<ChunkId> ids) {
        List<ChunkId> named = new ArrayList<>();
        for (int i = 0; i < ids.size(); i += n) {
            ChunkId id = ids.get(i);
            named.add(id);
            byte[] value = TestRoots.bytes(id);
            engine.facts()
                    .commit(Txn.in(SPACE).put(Key.of("file", id.hex()), value).require(id).build());
        }
        return named;
    }

    private void assertReadable(List<ChunkId> ids) {
        for (ChunkId id : ids) {
            assertThat(MemoryChunkStore.idOf(engine.chunks().read(SPACE, id))).isEqualTo(id);
        }
    }

    private void cancel() {
        engine.operations().cancel(engine.operations().running().getFirst().id().toString());
    }

    /// Runs something that is cancelled at its first write to a database.
    ///
    /// @param fromTheStart false to let those pass that come before the owners are asked
    private OperationStatus cancelledAtAWrite(Runnable run, boolean fromTheStart)
            throws InterruptedException {
        CountDownLatch reached = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        Thread thread = Thread.ofVirtual().unstarted(() -> assertCancelled(run));
        AtomicReference<Throwable> failed = new AtomicReference<>();
        thread.setUncaughtExceptionHandler((_, e) -> failed.set(e));
        atVisit.set(() -> disk.holdDatabases(reached, go));
        if (fromTheStart) {
            disk.holdDatabases(reached, go);
        }
        thread.start();
        reached.await();
        cancel();
        disk.holdDatabases(null, null);
        go.countDown();
        thread.join();
        atVisit.set(() -> {});
        assertThat(failed.get()).isNull();
        return engine.operations().ended().getFirst();
    }

    private OperationStatus assertCancelled(Runnable run) {
        assertThatThrownBy(run::run)
                .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.CONFLICT))
                .hasMessageContaining("was cancelled");
        OperationStatus status = engine.operations().ended().getFirst();
        assertThat(status.state()).isEqualTo(State.CANCELLED);
        assertThat(engine.operations().running()).isEmpty();
        return status;
    }

    private long condemned() {
        long condemned = 0;
        Optional<ChunkId> after = Optional.empty();
        List<PackIndex.Entry> page;
        do {
            page = ((PackChunkStore) engine.chunks()).index().scan(SPACE, after, 500);
            condemned += page.stream().filter(entry -> entry.condemnedAtMillis() > 0).count();
            after = page.isEmpty() ? after : Optional.of(page.getLast().id());
        } while (!page.isEmpty());
        return condemned;
    }

    @Test
    void gcThatIsCancelledWhileItMarksHasChangedNothing() {
        List<ChunkId> named = nameEvery(2, put(0, 20, 500));
        engine.maintenance().gc(AT_ONCE);
        put(100, 110, 500);
        atVisit.set(this::cancel);
        OperationStatus status = assertCancelled(() -> engine.maintenance().gc(AT_ONCE));
        assertThat(status.phase()).isEqualTo("mark default");
        assertThat(condemned()).isEqualTo(10);
        assertThat(engine.counts().gcRemovedChunks()).isZero();

        atVisit.set(() -> {});
        assertThat(engine.maintenance().gc(AT_ONCE).removed().chunks()).isEqualTo(10);
        assertThat(engine.maintenance().gc(AT_ONCE).removed().chunks()).isEqualTo(10);
        assertThat(engine.counts().gcRemovedChunks()).isEqualTo(20);
        assertReadable(named);
    }

    @Test
    void gcThatIsCancelledWhileItSweepsEndsItsPage() throws InterruptedException {
        List<ChunkId> ids = put(0, 1500, 100);
        OperationStatus status = cancelledAtAWrite(() -> engine.maintenance().gc(AT_ONCE), false);
        assertThat(status.phase()).isEqualTo("sweep default");
        assertThat(status.done()).isEqualTo(1000);
        assertThat(status.total()).hasValue(1500);
        assertThat(condemned()).isEqualTo(1000);

        status = cancelledAtAWrite(() -> engine.maintenance().gc(AT_ONCE), false);
        assertThat(status.done()).isEqualTo(1000);
        assertThat(engine.counts().gcRemovedChunks()).isEqualTo(1000);
        engine.maintenance().gc(AT_ONCE);
        engine.maintenance().gc(AT_ONCE);
        assertThat(engine.chunks().stats().chunks()).isZero();
        assertThat(engine.counts().gcRemovedChunks()).isEqualTo(ids.size());
        assertThat(engine.operations().ended().getFirst().state()).isEqualTo(State.DONE);
    }

    @Test
    void compactionThatIsCancelledKeepsWhatItWasAt() throws InterruptedException {
        List<ChunkId> named = nameEvery(4, put(0, 120, LENGTH));
        engine.maintenance().gc(AT_ONCE);
        engine.maintenance().gc(AT_ONCE);
        close();
        open(); // so that no pack is being written, which would be ended first
        long before = engine.maintenance().stats().storedBytes();
        OperationStatus status = cancelledAtAWrite(() -> engine.maintenance().compact(FAST), true);
        assertThat(status.phase()).isEqualTo("copy");
        assertThat(status.done()).isLessThan(status.total().orElseThrow());
        assertReadable(named);
        assertThat(engine.maintenance().fsck(FAST).isClean()).isTrue();

        CompactReport report = engine.maintenance().compact(FAST);
        assertThat(report.packsRemoved()).isGreaterThan(3);
        OperationStatus done = engine.operations().ended().getFirst();
        assertThat(done.state()).isEqualTo(State.DONE);
        assertThat(done.done()).isEqualTo(done.total().orElseThrow());
        assertThat(engine.maintenance().stats().storedBytes()).isLessThan(before / 2);
        assertReadable(named);
        assertThat(engine.maintenance().compact(FAST).packsRemoved()).isZero();
        assertThat(engine.operations().ended().getFirst()).isEqualTo(done); // nothing to do
    }

    @Test
    @SuppressWarnings("MustBeClosedChecker") // closed after the test
    void compactionInATierThatIsCancelledIsDoneByTheNext() {
        close();
        MemoryTier blobs = new MemoryTier();
        AtomicInteger puts = new AtomicInteger(Integer.MIN_VALUE);
        engine = openTiered(new WatchedTier(blobs, name -> cancelAtSecondPack(name, puts)));
        register(engine);
        List<ChunkId> named = nameEvery(2, put(0, 120, LENGTH));
        engine.maintenance().gc(AT_ONCE);
        engine.maintenance().gc(AT_ONCE);
        puts.set(0);
        OperationStatus status = assertCancelled(() -> engine.maintenance().compact(FAST));
        assertThat(status.done()).isPositive().isLessThan(status.total().orElseThrow());
        assertReadable(named);
        puts.set(Integer.MIN_VALUE);
        CompactReport report = engine.maintenance().compact(FAST);
        assertThat(report.packsRemoved()).isGreaterThan(3);
        assertReadable(named);
        assertThat(engine.chunks().stats().chunks()).isEqualTo(named.size());
    }

    private void cancelAtSecondPack(String name, AtomicInteger puts) {
        if (name.endsWith(".pack") && puts.incrementAndGet() == 2) {
            cancel();
        }
    }

    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // handed on
    private StorageEngine openTiered(Tier tier) {
        return StorageEngine.open(
                Engines.config(directory.resolve("tiered")),
                new TieredChunks(tier, ByteSize.ofMebibytes(2), () -> Instant.EPOCH));
    }

    private void damage(ChunkId id) {
        PackChunkStore store = (PackChunkStore) engine.chunks();
        PackIndex.Location at = store.index().find(SPACE, id).orElseThrow().location();
        Path file = Objects.requireNonNull(store.packs().find(at.packId())).file();
        long offset = at.offset() + PackFormat.RECORD_BYTES;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(Chunks.text("damage")), offset);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aCheckThatIsCancelledSaysSoAndNotThatSomethingIsWrong() {
        nameEvery(1, put(0, 60, LENGTH));
        atVisit.set(this::cancel);
        OperationStatus status = assertCancelled(() -> engine.maintenance().fsck(FAST));
        assertThat(status.phase()).isEqualTo("follow references");
        atVisit.set(() -> {});
        assertThat(engine.maintenance().fsck(FAST).isClean()).isTrue();
        assertThat(engine.operations().ended().getFirst().done()).isEqualTo(60);
    }

    @Test
    void closingTheEngineCancelsWhatRunsFirst() throws InterruptedException {
        nameEvery(1, put(0, 60, LENGTH));
        CountDownLatch reached = new CountDownLatch(1);
        atVisit.set(() -> {
            reached.countDown();
            while (engine.operations().running().getFirst().state() == State.RUNNING) {
                Thread.onSpinWait();
            }
        });
        AtomicReference<Throwable> failed = new AtomicReference<>();
        Thread check =
                Thread.ofVirtual()
                        .unstarted(() -> assertCancelled(() -> engine.maintenance().fsck(FAST)));
        check.setUncaughtExceptionHandler((_, e) -> failed.set(e));
        check.start();
        reached.await();
        engine.close();
        assertThat(engine.operations().running()).isEmpty();
        check.join();
        assertThat(failed).hasNullValue();
        assertThatThrownBy(() -> engine.maintenance().fsck(FAST))
                .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.UNAVAILABLE));
        atVisit.set(() -> {});
        open();
        assertThat(engine.maintenance().fsck(FAST).isClean()).isTrue();
    }

    @Test
    void aCheckIsCancelledWithinAPack() throws InterruptedException {
        List<ChunkId> ids = nameEvery(1, put(0, 60, LENGTH));
        damage(ids.getFirst());
        OperationStatus status =
                cancelledAtAWrite(
                        () -> engine.maintenance().fsck(FAST), true); // which notes the damage
        assertThat(status.phase()).isEqualTo("read packs");
        assertThat(status.done()).isLessThan(status.total().orElseThrow());
        assertThat(engine.maintenance().stats().quarantined()).isEqualTo(1);
        FsckReport report = engine.maintenance().fsck(FAST);
        assertThat(report.damaged()).isEqualTo(1);
        assertThat(report.liveChunks()).isEqualTo(59);
    }

    @Test
    void whatWasRepairedBeforeItWasCancelledStays() {
        Map<ChunkId, byte[]> copies = new HashMap<>();
        List<ChunkId> ids = nameEvery(1, put(0, 8, LENGTH));
        for (int i = 0; i < ids.size(); i++) {
            copies.put(ids.get(i), Chunks.bytes(i, LENGTH));
            damage(ids.get(i));
        }
        AtomicInteger fetched = new AtomicInteger();
        ChunkSource source =
                (_, id) -> {
                    if (fetched.incrementAndGet() == 3) {
                        cancel();
                    }
                    return Optional.ofNullable(copies.get(id));
                };
        OperationStatus status = assertCancelled(() -> engine.maintenance().repair(source, FAST));
        assertThat(status.phase()).isEqualTo("fetch");
        assertThat(status.done()).isEqualTo(3);
        assertThat(status.total()).hasValue(8);
        assertThat(engine.maintenance().stats().quarantined()).isEqualTo(5);

        RepairReport report = engine.maintenance().repair(source, FAST);
        assertThat(report.repaired()).isEqualTo(5);
        assertThat(report.lost()).isZero();
        assertReadable(ids);
    }

    @Test
    void aBackupThatIsCancelledIsContinued() {
        List<ChunkId> ids = nameEvery(1, put(0, 200, LENGTH));
        MemoryTier blobs = new MemoryTier();
        AtomicInteger files = new AtomicInteger();
        Tier watched =
                new WatchedTier(
                        blobs,
                        name -> {
                            if (name.startsWith(BackupFormat.FILES)
                                    && files.incrementAndGet() == 2) {
                                cancel();
                            }
                        });
        Backup backup = new Backup(watched, () -> Instant.EPOCH, new Random(1));
        OperationStatus status = assertCancelled(() -> backup.run(engine));
        assertThat(status.phase()).isEqualTo("copy packs");
        assertThat(backup.list()).isEmpty();
        assertThat(directory.resolve("data")).isDirectoryNotContaining("glob:**.part");

        BackupReport report = backup.run(engine);
        assertThat(report.newFiles()).isLessThan(report.backup().files());
        backup.restore(report.backup().id(), directory.resolve("copy"));
        try (StorageEngine copy = Engines.open(directory.resolve("copy"))) {
            assertThat(copy.chunks().stats().chunks()).isEqualTo(ids.size());
        }
    }

    @Test
    void oneBackupOfAnEngineAtATime() {
        put(0, 5, LENGTH);
        AtomicReference<QuernException> refused = new AtomicReference<>();
        Tier watched =
                new WatchedTier(
                        new MemoryTier(),
                        name -> {
                            if (name.startsWith(BackupFormat.MANIFESTS)) {
                                Backup second =
                                        new Backup(
                                                new MemoryTier(),
                                                () -> Instant.EPOCH,
                                                new Random(2));
                                try {
                                    second.run(engine);
                                } catch (QuernException e) {
                                    refused.set(e);
                                }
                                // A collection may go on meanwhile.
                                engine.maintenance().gc(AT_ONCE);
                            }
                        });
        new Backup(watched, () -> Instant.EPOCH, new Random(1)).run(engine);
        assertThat(refused.get())
                .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.CONFLICT))
                .hasMessageContaining("backup-");
        assertThat(engine.operations().ended())
                .extracting(ended -> ended.id().kind())
                .containsExactly(OperationKind.BACKUP, OperationKind.GC);
    }
}
