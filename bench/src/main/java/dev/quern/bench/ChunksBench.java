package dev.quern.bench;

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
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Random;
import org.rocksdb.FlushOptions;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;

/// The chunk store inside one JVM: a large file made durable against hashing alone and against
/// writing and forcing alone (the smaller of the two is the limit), against BlobDB, and the
/// operations of [ChunksJmh]; then what a million chunks cost.
final class ChunksBench implements Benchmark {
    private static final int CHUNK_BYTES = 1 << 20;
    private static final SpaceId SPACE = SpaceId.DEFAULT;

    @Override
    public String name() {
        return "chunks";
    }

    @Override
    public void run(BenchContext context) throws IOException {
        Path work = BenchServer.temporary(context.checkout());
        try {
            large(context, work);
            operations(context, Jmh.run(context, ChunksJmh.class, work));
            ManyChunks.run(context, work.resolve("many"));
            BackupPeer.run(context, work);
        } finally {
            BenchServer.deleteTree(work);
        }
    }

    private void operations(BenchContext context, Jmh jmh) {
        Results results = context.results();
        results.add(
                name(),
                Metric.more("put-1m-sync", "MiB/s", jmh.score("putSync"))
                        .against("hash + append + fsync", jmh.score("hashAppendForce")));
        results.add(
                name(),
                Metric.more("put-1m-sync-blobdb", "MiB/s", jmh.score("putSync"))
                        .against("blobdb, no hash", jmh.score("blobPutSync")));
        results.add(
                name(),
                Metric.more("get-1m", "MiB/s", jmh.score("get"))
                        .against("pread", jmh.score("pread")));
        results.add(
                name(),
                Metric.more("get-1m-blobdb", "MiB/s", jmh.score("get"))
                        .against("blobdb", jmh.score("blobGet")));
        results.add(
                name(),
                Metric.more("map-read", "MiB/s", jmh.score("mapRead"))
                        .against("mmap", jmh.score("mmapRead")));
        results.add(
                name(),
                Metric.more("lease-read", "MiB/s", jmh.score("leaseRead"))
                        .against("mmap", jmh.score("mmapRead")));
    }

    /// One file after the other in turn with its peers; the median of the rounds.
    private void large(BenchContext context, Path work) throws IOException {
        int chunks = context.size(1024, 64);
        int rounds = context.size(5, 1);
        double[] ours = new double[rounds];
        double[] hash = new double[rounds];
        double[] write = new double[rounds];
        double[] blobs = new double[rounds];
        try (StorageEngine engine = StorageEngine.open(StorageConfig.in(work.resolve("large")))) {
            for (int round = -1; round < rounds; round++) {
                double put = megabytes(chunks, put(engine.chunks(), new Source(round), chunks));
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
        }
        double put = Stats.of(ours).median();
        double hashing = Stats.of(hash).median();
        double writing = Stats.of(write).median();
        Results results = context.results();
        results.add(
                name(),
                Metric.more("put-large", "MB/s", put).against("limit", Math.min(hashing, writing)));
        results.add(
                name(), Metric.more("put-large-sha256", "MB/s", put).against("sha-256", hashing));
        results.add(
                name(),
                Metric.more("put-large-file", "MB/s", put).against("write + fsync", writing));
        results.add(
                name(),
                Metric.more("put-large-blobdb", "MB/s", put)
                        .against("blobdb, no hash", Stats.of(blobs).median()));
    }

    private static double megabytes(int chunks, double seconds) {
        return chunks * (double) CHUNK_BYTES / 1e6 / seconds;
    }

    private static double put(ChunkStore store, Source source, int chunks) {
        long start = System.nanoTime();
        try (ChunkRun run = store.beginRun(SPACE)) {
            for (int i = 0; i < chunks; i++) {
                run.put(MemorySegment.ofArray(source.next()));
            }
            run.finish();
        }
        store.sync();
        return seconds(start);
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
                FileChannel.open(
                        path,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.TRUNCATE_EXISTING)) {
            for (int i = 0; i < chunks; i++) {
                ByteBuffer bytes = ByteBuffer.wrap(source.next());
                while (bytes.hasRemaining()) {
                    file.write(bytes);
                }
            }
            file.force(false);
        }
        return seconds(start);
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
