package dev.quern.storage;

import static dev.quern.storage.Chunks.SPACE;
import static dev.quern.storage.Chunks.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ByteSize;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.Txn.Condition;
import dev.quern.storage.Txn.Mutation;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class EmbeddedMetaLogTest extends MetaLogContract {
    @TempDir Path directory;
    private final FaultyDisk disk = new FaultyDisk();
    private StorageEngine engine;

    @BeforeEach
    @SuppressWarnings("MustBeClosedChecker") // closed after each test
    void open() {
        engine = Engines.open(directory, disk);
    }

    @AfterEach
    void close() {
        engine.close();
    }

    @Override
    MetaLog log() {
        return engine.facts();
    }

    @Override
    ChunkStore chunks() {
        return engine.chunks();
    }

    @Test
    void keepsFactsAndIndexOverReopening() {
        long index = log().commit(put(A, "one"));
        close();
        open();

        assertThat(log().appliedIndex()).isEqualTo(index);
        assertThat(values(log().scan(SPACE, A, Optional.empty(), 1))).containsExactly("one");
        assertThat(log().commit(put(A, "two"))).isEqualTo(index + 1);
    }

    @Test
    void everyAcknowledgedFactOfManyWritersIsThereAfterReopening()
            throws ExecutionException, InterruptedException {
        ConcurrentLinkedQueue<Key> acknowledged = new ConcurrentLinkedQueue<>();
        try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> writers = new ArrayList<>();
            for (int i = 0; i < 32; i++) {
                Key own = Key.of("w", Integer.toString(i));
                writers.add(
                        pool.submit(() -> {
                            for (int n = 0; n < 30; n++) {
                                Key key = own.child(Key.number(n));
                                log().commit(put(key, key.toString()));
                                acknowledged.add(key);
                            }
                        }));
            }
            for (Future<?> writer : writers) {
                writer.get();
            }
        }
        close();
        open();

        assertThat(acknowledged).hasSize(32 * 30);
        assertThat(acknowledged).allMatch(key -> log().find(SPACE, key).isPresent());
        assertThat(log().appliedIndex()).isEqualTo(32 * 30);
    }

    @Test
    void laterTransactionsOfABatchSeeTheEarlierOnes() throws InterruptedException {
        Condition absent = new Condition.Absent(A);
        Held held = holdApplier();
        try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Long>> racing = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                Txn txn = Txn.in(SPACE).when(absent).put(A, text("x")).build();
                racing.add(pool.submit(() -> log().commit(txn)));
            }
            held.release();
            int won = 0;
            for (Future<Long> result : racing) {
                won += succeeds(result) ? 1 : 0;
            }
            assertThat(won).isEqualTo(1);
        }
    }

    private static boolean succeeds(Future<Long> result) throws InterruptedException {
        try {
            result.get();
            return true;
        } catch (ExecutionException e) {
            ChunkStoreContract.assertKind(Objects.requireNonNull(e.getCause()), ErrorKind.CONFLICT);
            return false;
        }
    }

    @Test
    void isExhaustedAtTheQueuesBoundAndUsableAfter() throws InterruptedException {
        byte[] value = new byte[60 << 10];
        ConcurrentLinkedQueue<Throwable> refused = new ConcurrentLinkedQueue<>();
        Held held = holdApplier();
        try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            CountDownLatch bound = new CountDownLatch(1);
            for (int i = 0; i < 40; i++) {
                Txn txn = Txn.in(SPACE).put(Key.of("k", Key.number(i)), value).build();
                pool.execute(() -> {
                    try {
                        log().commit(txn);
                    } catch (QuernException e) {
                        refused.add(e);
                        bound.countDown();
                    }
                });
            }
            bound.await();
            held.release();
        }

        assertThat(refused)
                .isNotEmpty()
                .allSatisfy(e -> ChunkStoreContract.assertKind(e, ErrorKind.EXHAUSTED));
        int stored = log().scan(SPACE, Key.of("k"), Optional.empty(), 100).size();
        assertThat(stored).isEqualTo(40 - refused.size());
        log().commit(put(A, "after"));
    }

    @Test
    void fullDiskIsExhaustedAndNothingShows() {
        long before = log().commit(put(A, "one"));
        disk.failDatabases("No space left on device");

        assertThatThrownBy(() -> log().commit(put(A, "two")))
                .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.EXHAUSTED))
                .hasMessageContaining("facts");
        assertThat(log().find(SPACE, A).orElseThrow().version()).isEqualTo(before);
        assertThatThrownBy(() -> log().commit(put(A, "three")))
                .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.EXHAUSTED));
        disk.failDatabases(null);
        assertThat(commitSoon(put(A, "four"))).isEqualTo(before + 1);
        close();
        open();
        assertThat(values(log().scan(SPACE, A, Optional.empty(), 1))).containsExactly("four");
    }

    /// Opening the database again is tried once a second.
    private long commitSoon(Txn txn) {
        long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (true) {
            try {
                return log().commit(txn);
            } catch (QuernException e) {
                assertThat(System.nanoTime()).isLessThan(deadline);
                LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
            }
        }
    }

    @Test
    void keepsTheConfiguredReserveFree() {
        close();
        disk.limitUsable(1000);
        StorageConfig config = Engines.config(directory);
        StorageConfig reserve =
                new StorageConfig(
                        directory,
                        config.packSize(),
                        config.maxQueuedBytes(),
                        config.cacheSize(),
                        new ByteSize(4000));
        try (StorageEngine tight = StorageEngine.open(reserve, disk, new Random(1))) {
            assertThatThrownBy(() -> tight.facts().commit(put(A, "x")))
                    .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.EXHAUSTED));
            disk.limitUsable(2000);
            tight.facts().commit(put(A, "x"));
            assertThatThrownBy(() -> Chunks.put(tight.chunks(), text("x")))
                    .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.EXHAUSTED));
            disk.limitUsable(10_000);
            Chunks.put(tight.chunks(), text("x"));
        }
        open();
    }

    /// Random transactions give the same answers and the same state as the plain reading in memory.
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void agreesWithTheMemoryLog(long seed) {
        Random random = new Random(seed);
        try (MemoryMetaLog model = new MemoryMetaLog(chunks())) {
            for (int i = 0; i < 400; i++) {
                Txn txn = RandomTxns.next(random, model.appliedIndex());
                assertThat(outcome(log(), txn))
                        .as("seed %d txn %d", seed, i)
                        .isEqualTo(outcome(model, txn));
                assertThat(log().position())
                        .as("seed %d txn %d", seed, i)
                        .isEqualTo(model.position());
                if (i == 200) {
                    close();
                    open();
                }
            }
            for (SpaceId space : RandomTxns.SPACES) {
                for (Key prefix : RandomTxns.PREFIXES) {
                    assertThat(log().scan(space, prefix, Optional.empty(), 10_000))
                            .usingRecursiveComparison()
                            .as("seed %d", seed)
                            .isEqualTo(model.scan(space, prefix, Optional.empty(), 10_000));
                    assertThat(log().scanIndex(space, prefix, Optional.empty(), 10_000))
                            .usingRecursiveComparison()
                            .as("seed %d", seed)
                            .isEqualTo(model.scanIndex(space, prefix, Optional.empty(), 10_000));
                }
            }
        }
    }

    private static Object outcome(MetaLog log, Txn txn) {
        try {
            return log.commit(txn);
        } catch (QuernException e) {
            return e.kind();
        }
    }

    /// Keeps the applier in its write until released, so that a queue builds up.
    private Held holdApplier() throws InterruptedException {
        CountDownLatch reached = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        disk.holdDatabases(reached, go);
        Thread first = Thread.ofVirtual().start(() -> log().commit(put(Key.of("first"), "first")));
        reached.await();
        return () -> {
            disk.holdDatabases(null, null);
            go.countDown();
            first.join();
        };
    }

    private interface Held {
        void release() throws InterruptedException;
    }

    @Test
    void mutationsOfOneTransactionShareItsIndex() {
        long index =
                log().commit(
                                Txn.in(SPACE)
                                        .put(A, text("a"))
                                        .then(new Mutation.Append(B, text("b")))
                                        .build());

        assertThat(log().scan(SPACE, B, Optional.empty(), 10))
                .allMatch(fact -> fact.version() == index);
    }
}
