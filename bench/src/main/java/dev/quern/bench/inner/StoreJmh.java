package dev.quern.bench.inner;

import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkId;
import dev.quern.storage.ChunkLease;
import dev.quern.storage.Key;
import dev.quern.storage.StorageConfig;
import dev.quern.storage.StorageEngine;
import dev.quern.storage.Txn;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;

/// Chunks of 1 MiB and facts of 100 bytes, on the disk that the system property `quern.bench.work`
/// names.
@State(Scope.Benchmark)
@SuppressWarnings("NullAway.Init") // JMH calls open() before any benchmark
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class StoreJmh {
    private static final int CHUNK_BYTES = 1 << 20;
    private static final int FACT_BYTES = 100;
    private static final SpaceId SPACE = SpaceId.DEFAULT;

    private Path work;
    private StorageEngine engine;
    private FileChannel file;
    private byte[] content = new byte[CHUNK_BYTES];
    private ChunkId stored;
    private long counter;

    /// Opens a new store and a plain file.
    @Setup(Level.Iteration)
    @SuppressWarnings("MustBeClosedChecker") // closed by close()
    public void open() throws IOException {
        work =
                Files.createTempDirectory(
                        Path.of(System.getProperty("quern.bench.work", "target")), "store");
        engine = StorageEngine.open(StorageConfig.in(work.resolve("engine")));
        file =
                FileChannel.open(
                        work.resolve("file"),
                        StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.WRITE);
        new Random(1).nextBytes(content);
        stored = engine.chunks().put(SPACE, MemorySegment.ofArray(content)).id();
        engine.chunks().sync();
    }

    /// Closes and deletes both.
    @TearDown(Level.Iteration)
    public void close() throws IOException {
        engine.close();
        file.close();
        try (Stream<Path> tree = Files.walk(work)) {
            tree.sorted(Comparator.reverseOrder())
                    .forEach(path -> {
                        try {
                            Files.delete(path);
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    });
        }
    }

    private void change() {
        counter++;
        MemorySegment.ofArray(content).set(ValueLayout.JAVA_LONG_UNALIGNED, 0, counter);
    }

    /// A new chunk, durable.
    @Benchmark
    public ChunkId chunkPutSync() {
        change();
        ChunkId id = engine.chunks().put(SPACE, MemorySegment.ofArray(content)).id();
        engine.chunks().sync();
        return id;
    }

    /// The limit of the former: hash the bytes, append them to a file, fsync.
    @Benchmark
    public byte[] fileHashWriteSync() throws IOException, NoSuchAlgorithmException {
        change();
        byte[] hash = MessageDigest.getInstance("SHA-256").digest(content);
        ByteBuffer bytes = ByteBuffer.wrap(content);
        while (bytes.hasRemaining()) {
            file.write(bytes);
        }
        file.force(false);
        return hash;
    }

    /// A chunk opened, its checksum verified, one byte of it read.
    @Benchmark
    public byte chunkOpen() {
        try (ChunkLease lease = engine.chunks().open(SPACE, stored)) {
            return lease.bytes().get(ValueLayout.JAVA_BYTE, 17);
        }
    }

    /// Durable facts from one writer.
    @Benchmark
    public long factCommit1() {
        return commit();
    }

    /// Durable facts from 64 writers, which share fsyncs.
    @Benchmark
    @Threads(64)
    public long factCommit64() {
        return commit();
    }

    private long commit() {
        Key key = Key.of("bench", Thread.currentThread().getName());
        return engine.facts().commit(Txn.in(SPACE).put(key, new byte[FACT_BYTES]).build());
    }
}
