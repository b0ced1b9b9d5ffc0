package dev.quern.bench.inner;

import dev.quern.common.SpaceId;
import dev.quern.storage.Key;
import dev.quern.storage.StorageConfig;
import dev.quern.storage.StorageEngine;
import dev.quern.storage.Txn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.rocksdb.FlushOptions;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/// Facts of 100 bytes under keys that are new each time, and the same records in a plain RocksDB.
@State(Scope.Benchmark)
@SuppressWarnings("NullAway.Init") // JMH calls open() before any benchmark
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class FactsJmh {
    private static final int BATCH = 64;

    /// Of the record that lies in a file of the database, and not in its memory.
    private static final long STORED = -1;

    private static final int WRITERS = 64;
    private static final int COMMITS_EACH = 500;

    private static final byte[] VALUE = new byte[100];
    private static final SpaceId SPACE = SpaceId.DEFAULT;

    private final AtomicLong counter = new AtomicLong();
    private WorkDirectory work;
    private StorageEngine engine;
    private Options options;
    private WriteOptions synced;
    private FlushOptions flush;
    private RocksDB rocks;
    private FileChannel file;

    /// Opens an engine, a RocksDB and a file, all new.
    @Setup(Level.Iteration)
    @SuppressWarnings("MustBeClosedChecker") // closed by close()
    public void open() throws IOException, RocksDBException {
        work = WorkDirectory.create();
        engine = StorageEngine.open(StorageConfig.in(work.resolve("engine")));
        options = new Options().setCreateIfMissing(true);
        synced = new WriteOptions().setSync(true);
        flush = new FlushOptions().setWaitForFlush(true);
        rocks = RocksDB.open(options, work.resolve("rocks").toString());
        file =
                FileChannel.open(
                        work.resolve("file"),
                        StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.WRITE);
        // With the first commit a segment of the log begins, upon which the state is flushed.
        engine.facts().commit(Txn.in(SPACE).put(factKey(STORED), VALUE).build());
        engine.facts().commit(Txn.in(SPACE).put(factKey(0), VALUE).build());
        rocks.put(synced, key(STORED), VALUE);
        rocks.flush(flush);
        rocks.put(synced, key(0), VALUE);
    }

    /// Closes and deletes them.
    @TearDown(Level.Iteration)
    public void close() throws IOException {
        engine.close();
        rocks.close();
        flush.close();
        synced.close();
        options.close();
        file.close();
        work.delete();
    }

    /// Durable facts from one writer.
    @Benchmark
    public long commit1() {
        return commit();
    }

    /// Durable facts from 64 writers, which share fsyncs: virtual threads, as each request of the
    /// server is one. They are not JMH's, whose threads spin while one of them opens the engine,
    /// which virtual threads on few cores never get past.
    @Benchmark
    @OperationsPerInvocation(WRITERS * COMMITS_EACH)
    public void commit64() throws InterruptedException, ExecutionException {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> writers = new ArrayList<>();
            for (int i = 0; i < WRITERS; i++) {
                writers.add(threads.submit(this::commitMany));
            }
            for (Future<?> writer : writers) {
                writer.get();
            }
        }
    }

    private void commitMany() {
        for (int i = 0; i < COMMITS_EACH; i++) {
            commit();
        }
    }

    /// The same from 64 threads of the operating system.
    @Benchmark
    @Threads(64)
    public long commit64Threads() {
        return commit();
    }

    private long commit() {
        Key key = factKey(counter.incrementAndGet());
        return engine.facts().commit(Txn.in(SPACE).put(key, VALUE).build());
    }

    /// One record, one fsync.
    @Benchmark
    public void rocksPut1() throws RocksDBException {
        rocks.put(synced, key(counter.incrementAndGet()), VALUE);
    }

    /// 64 threads with an fsync each, which RocksDB groups. Virtual threads would only ever be as
    /// many as there are cores, for they cannot wait inside RocksDB without holding one.
    @Benchmark
    @Threads(64)
    public void rocksPut64() throws RocksDBException {
        rocks.put(synced, key(counter.incrementAndGet()), VALUE);
    }

    /// One thread, an fsync for each batch of 64 records.
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void rocksBatch64() throws RocksDBException {
        try (WriteBatch batch = new WriteBatch()) {
            for (int i = 0; i < BATCH; i++) {
                batch.put(key(counter.incrementAndGet()), VALUE);
            }
            rocks.write(synced, batch);
        }
    }

    /// The limit of one writer: 150 bytes appended to a file, which grows, and forced.
    @Benchmark
    public void appendForce() throws IOException {
        file.write(ByteBuffer.allocate(150));
        file.force(false);
    }

    /// A fact by its key, written lately.
    @Benchmark
    public Object find() {
        return engine.facts().find(SPACE, factKey(0));
    }

    /// A fact by its key, from a file whose blocks are cached.
    @Benchmark
    public Object findStored() {
        return engine.facts().find(SPACE, factKey(STORED));
    }

    /// A record by its key, written lately.
    @Benchmark
    public byte[] rocksGet() throws RocksDBException {
        return rocks.get(key(0));
    }

    /// A record by its key, from a file whose blocks are cached.
    @Benchmark
    public byte[] rocksGetStored() throws RocksDBException {
        return rocks.get(key(STORED));
    }

    private static Key factKey(long number) {
        return Key.of("bench", Long.toString(number));
    }

    private static byte[] key(long number) {
        return ("default/bench/" + number).getBytes(StandardCharsets.US_ASCII);
    }
}
