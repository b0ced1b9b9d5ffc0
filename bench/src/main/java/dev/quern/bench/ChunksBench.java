package dev.quern.bench;

import dev.quern.bench.Jmh.Pair;
import dev.quern.bench.inner.ChunksJmh;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkRun;
import dev.quern.storage.ChunkStore;
import dev.quern.storage.StorageConfig;
import dev.quern.storage.StorageEngine;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Random;
import org.rocksdb.FlushOptions;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;

/// The chunk store inside one JVM: a large file made durable against hashing alone and against
/// writing and forcing alone (the smaller of the two is the limit), against BlobDB, and the
/// operations of [ChunksJmh]; then what garbage collection, compaction and a million chunks cost.
final class ChunksBench implements Benchmark {
    private static final int CHUNK_BYTES = 1 << 20;
    private static final SpaceId SPACE = SpaceId.DEFAULT;

    private static final List<Pair> OPERATIONS =
            List.of(
                    new Pair("put-1m-sync", "putSync", "hash + append + fsync", "hashAppendForce"),
                    new Pair("put-1m-sync-blobdb", "putSync", "blobdb, no hash", "blobPutSync"),
                    new Pair("get-1m", "get", "pread", "pread"),
                    new Pair("get-1m-blobdb", "get", "blobdb", "blobGet"),
                    new Pair("map-read", "mapRead", "mmap", "mmapRead"),
                    new Pair("lease-read", "leaseRead", "mmap", "mmapRead"));

    @Override
    public String name() {
        return "chunks";
    }

    @Override
    public void run(BenchContext context) throws IOException {
        Path work = BenchServer.temporary(context.checkout());
        try {
            large(context, work);
            Jmh.run(context, ChunksJmh.class, work)
                    .report(context.results(), name(), "MiB/s", OPERATIONS);
            Upkeep.run(context, work);
            ManyChunks.run(context, work.resolve("many"));
            BackupPeer.run(context, work);
        } finally {
            BenchServer.deleteTree(work);
        }
    }

    /// One file after the other in turn with its peers; the median of the rounds. Each begins with
    /// nothing on the disk and leaves nothing, for memory of the page cache that was in use a
    /// moment before is several times faster to write to than memory that a virtual machine has not
    /// had yet.
    private void large(BenchContext context, Path work) throws IOException {
        int chunks = context.size(1024, 64);
        int rounds = context.size(5, 1);
        double[] ours = new double[rounds];
        double[] hash = new double[rounds];
        double[] write = new double[rounds];
        double[] blobs = new double[rounds];
        for (int round = -1; round < rounds; round++) {
            double put = megabytes(chunks, put(work, new Source(round), chunks));
            double digest = megabytes(chunks, hash(new Source(round), chunks));
            double plain = megabytes(chunks, write(work, new Source(round), chunks));
            double blob = megabytes(chunks, blobs(work, new Source(round), chunks));
            if (round >= 0) {
                ours[round] = put;
                hash[round] = digest;
                write[round] = plain;
                blobs[round] = blob;
            }
        }
        double put = Stats.of(ours).median();
        double hashing = Stats.of(hash).median();
        double writing = Stats.of(write).median();
        double blob = Stats.of(blobs).median();
        against(context, "put-large", put, "limit", Math.min(hashing, writing));
        against(context, "put-large-sha256", put, "sha-256", hashing);
        against(context, "put-large-file", put, "write + fsync", writing);
        against(context, "put-large-blobdb", put, "blobdb, no hash", blob);
    }

    private void against(
            BenchContext context, String metric, double value, String peer, double peers) {
        context.results().add(name(), Metric.more(metric, "MB/s", value).against(peer, peers));
    }

    private static double megabytes(int chunks, double seconds) {
        return chunks * (double) CHUNK_BYTES / 1e6 / seconds;
    }

    private static double put(Path work, Source source, int chunks) {
        Path path = work.resolve("large");
        try (StorageEngine engine = StorageEngine.open(StorageConfig.in(path))) {
            ChunkStore store = engine.chunks();
            long start = System.nanoTime();
            try (ChunkRun run = store.beginRun(SPACE)) {
                for (int i = 0; i < chunks; i++) {
                    run.put(MemorySegment.ofArray(source.next()));
                }
                run.finish();
            }
            store.sync();
            return seconds(start);
        } finally {
            BenchServer.deleteTree(path);
        }
    }

    private static double hash(Source source, int chunks) {
        long start = System.nanoTime();
        try {
            for (int i = 0; i < chunks; i++) {
                MessageDigest.getInstance("SHA-256").digest(source.next());
            }
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
        return seconds(start);
    }

    private static double write(Path work, Source source, int chunks) throws IOException {
        Path path = work.resolve("plain");
        long start = System.nanoTime();
        try (FileChannel file =
                FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (int i = 0; i < chunks; i++) {
                ByteBuffer bytes = ByteBuffer.wrap(source.next());
                while (bytes.hasRemaining()) {
                    file.write(bytes);
                }
            }
            file.force(false);
            return seconds(start);
        } finally {
            Files.deleteIfExists(path);
        }
    }

    private static double blobs(Path work, Source source, int chunks) throws IOException {
        Path path = work.resolve("blobs");
        try (Options options = new Options().setCreateIfMissing(true).setEnableBlobFiles(true);
                FlushOptions flush = new FlushOptions();
                RocksDB rocks = RocksDB.open(options, path.toString())) {
            long start = System.nanoTime();
            for (int i = 0; i < chunks; i++) {
                byte[] key = Integer.toString(i).getBytes(StandardCharsets.US_ASCII);
                rocks.put(key, source.next());
            }
            rocks.flush(flush);
            return seconds(start);
        } catch (RocksDBException e) {
            throw new IOException("blobdb: " + e.getMessage(), e);
        } finally {
            BenchServer.deleteTree(path);
        }
    }

    private static double seconds(long startNanos) {
        return (System.nanoTime() - startNanos) / 1e9;
    }

    /// Chunks of random bytes, no two alike within a run of the benchmark.
    private static final class Source {
        private final byte[] block = new byte[CHUNK_BYTES];
        private final MemorySegment segment = MemorySegment.ofArray(block);
        private final int round;
        private int count;

        Source(int round) {
            this.round = round;
            new Random(round).nextBytes(block);
        }

        byte[] next() {
            segment.set(ValueLayout.JAVA_INT_UNALIGNED, 0, round);
            segment.set(ValueLayout.JAVA_INT_UNALIGNED, 4, count);
            count++;
            return block;
        }
    }
}
