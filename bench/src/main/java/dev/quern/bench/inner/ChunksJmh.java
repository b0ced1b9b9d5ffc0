package dev.quern.bench.inner;

import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkId;
import dev.quern.storage.ChunkLease;
import dev.quern.storage.ChunkRun;
import dev.quern.storage.ExtentLease;
import dev.quern.storage.StorageConfig;
import dev.quern.storage.StorageEngine;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteOptions;

/// Chunks of 1 MiB of random bytes, 256 of them in the page cache, read at random places; and new
/// ones, durable one by one. Beside them the same bytes in a plain file, mapped and by `pread`, and
/// in RocksDB's BlobDB.
@State(Scope.Benchmark)
@SuppressWarnings("NullAway.Init") // JMH calls open() before any benchmark
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class ChunksJmh {
    private static final int CHUNK_BYTES = 1 << 20;
    private static final int CHUNKS = 256;
    private static final SpaceId SPACE = SpaceId.DEFAULT;

    private final Random random = new Random(1);
    private final byte[] content = new byte[CHUNK_BYTES];
    private final ChunkId[] ids = new ChunkId[CHUNKS];
    private final MemorySegment target = Arena.ofAuto().allocate(CHUNK_BYTES, 4096);
    private final ByteBuffer targetBuffer = target.asByteBuffer();
    private WorkDirectory work;
    private StorageEngine engine;
    private FileChannel file;
    private FileChannel appended;
    private MemorySegment map;
    private ExtentLease extent;
    private MemorySegment storedMap;
    private Arena arena;
    private Options options;
    private WriteOptions synced;
    private RocksDB blobs;
    private long counter;

    /// Writes the chunks, the file and the blobs.
    @Setup(Level.Trial)
    @SuppressWarnings("MustBeClosedChecker") // closed by close()
    public void open() throws IOException, RocksDBException {
        work = WorkDirectory.create();
        engine = StorageEngine.open(StorageConfig.in(work.resolve("engine")));
        file = create("file");
        appended = create("appended");
        options = new Options().setCreateIfMissing(true).setEnableBlobFiles(true);
        synced = new WriteOptions().setSync(true);
        blobs = RocksDB.open(options, work.resolve("blobs").toString());
        try (ChunkRun run = engine.chunks().beginRun(SPACE)) {
            for (int i = 0; i < CHUNKS; i++) {
                random.nextBytes(content);
                ids[i] = run.put(MemorySegment.ofArray(content)).id();
                file.write(ByteBuffer.wrap(content));
                blobs.put(ids[i].bytes(), content);
            }
            run.finish();
        }
        engine.chunks().sync();
        arena = Arena.ofShared();
        map = file.map(MapMode.READ_ONLY, 0, file.size(), arena);
        extent = engine.chunks().locate(SPACE, List.of(ids)).orElseThrow();
        try (FileChannel stored = FileChannel.open(extent.extent().file())) {
            storedMap = stored.map(MapMode.READ_ONLY, 0, extent.extent().lengthBytes(), arena);
        }
    }

    private FileChannel create(String name) throws IOException {
        return FileChannel.open(
                work.resolve(name),
                StandardOpenOption.CREATE_NEW,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
    }

    /// Closes and deletes them.
    @TearDown(Level.Trial)
    public void close() throws IOException {
        extent.close();
        engine.close();
        blobs.close();
        synced.close();
        options.close();
        arena.close();
        file.close();
        appended.close();
        work.delete();
    }

    /// A chunk, its checksum verified, copied to a buffer.
    @Benchmark
    public byte get() {
        int read = engine.chunks().read(SPACE, ids[random.nextInt(CHUNKS)], target);
        return targetBuffer.get(read - 1);
    }

    /// The same bytes of a file by one system call.
    @Benchmark
    public byte pread() throws IOException {
        targetBuffer.clear();
        int read = file.read(targetBuffer, (long) random.nextInt(CHUNKS) * CHUNK_BYTES);
        return targetBuffer.get(read - 1);
    }

    /// The same bytes from BlobDB.
    @Benchmark
    public byte blobGet() throws RocksDBException {
        byte[] bytes = blobs.get(ids[random.nextInt(CHUNKS)].bytes());
        return bytes[17];
    }

    /// A chunk summed up in the mapped file that the store holds it in.
    @Benchmark
    public long mapRead() {
        return sum(storedMap.asSlice((long) random.nextInt(CHUNKS) * CHUNK_BYTES, CHUNK_BYTES));
    }

    /// A chunk summed up where it lies, its checksum verified.
    @Benchmark
    public long leaseRead() {
        try (ChunkLease lease = engine.chunks().open(SPACE, ids[random.nextInt(CHUNKS)])) {
            return sum(lease.bytes());
        }
    }

    /// The same bytes of a mapped file summed up.
    @Benchmark
    public long mmapRead() {
        return sum(map.asSlice((long) random.nextInt(CHUNKS) * CHUNK_BYTES, CHUNK_BYTES));
    }

    private static long sum(MemorySegment bytes) {
        long sum = 0;
        for (long at = 0; at < bytes.byteSize(); at += 8) {
            sum += bytes.get(ValueLayout.JAVA_LONG_UNALIGNED, at);
        }
        return sum;
    }

    /// A new chunk, durable.
    @Benchmark
    public ChunkId putSync() {
        change();
        ChunkId id = engine.chunks().put(SPACE, MemorySegment.ofArray(content)).id();
        engine.chunks().sync();
        return id;
    }

    /// The limit of the former: hash the bytes, append them to a file, fsync.
    @Benchmark
    public byte[] hashAppendForce() throws IOException, NoSuchAlgorithmException {
        change();
        byte[] hash = MessageDigest.getInstance("SHA-256").digest(content);
        ByteBuffer bytes = ByteBuffer.wrap(content);
        while (bytes.hasRemaining()) {
            appended.write(bytes);
        }
        appended.force(false);
        return hash;
    }

    /// A new blob, durable; BlobDB names nothing by its content, so nothing is hashed.
    @Benchmark
    public void blobPutSync() throws RocksDBException {
        change();
        blobs.put(synced, Long.toString(counter).getBytes(StandardCharsets.US_ASCII), content);
    }

    private void change() {
        counter++;
        MemorySegment.ofArray(content).set(ValueLayout.JAVA_LONG_UNALIGNED, 0, counter);
    }
}
