package dev.quern.bench;

import dev.quern.common.ByteSize;
import dev.quern.storage.CompactReport;
import dev.quern.storage.GcReport;
import dev.quern.storage.GcRequest;
import dev.quern.storage.StorageConfig;
import dev.quern.storage.StorageEngine;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// What garbage collection and compaction cost, in stores of which 9 chunks in 16 are garbage
/// ([HalfDead]). Collecting takes two runs, one that condemns and one that removes; its peer is
/// RocksDB doing to as many keys what these do to the index ([IndexPeer]). The peer of compaction
/// reads as many bytes as are moved from one file, in pieces as long as a chunk, writes them to
/// another and forces that every 64 MiB.
final class Upkeep {
    private static final String BENCH = "chunks";
    private static final long FORCE_BYTES = 64 << 20;
    private static final double GIGA = 1e9;
    private static final GcRequest AT_ONCE = new GcRequest(Duration.ZERO, false, new ByteSize(0));

    private Upkeep() {}

    /// Stores of 2 GiB, in chunks of 1 MiB and of 64 KiB.
    static void run(BenchContext context, Path work) throws IOException {
        run(context, work, 1 << 20, "1m");
        run(context, work, 64 << 10, "64k");
    }

    private static void run(BenchContext context, Path work, int chunkBytes, String name)
            throws IOException {
        int chunks = (int) ((long) context.size(2048, 64) * (1 << 20) / chunkBytes);
        int rounds = context.size(3, 1);
        List<Cost> collected = new ArrayList<>();
        List<Cost> indexed = new ArrayList<>();
        List<Cost> compacted = new ArrayList<>();
        List<Cost> copied = new ArrayList<>();
        long moved = 0;
        for (int round = context.quick() ? 0 : -1; round < rounds; round++) {
            Path directory = work.resolve("upkeep");
            try (StorageEngine engine = StorageEngine.open(StorageConfig.in(directory))) {
                Cost gc =
                        collect(engine, HalfDead.fill(engine.chunks(), chunks, chunkBytes, round));
                Cost index = IndexPeer.collect(directory.resolve("peer"), chunks);
                CompactReport[] report = new CompactReport[1];
                Cost compact =
                        Cost.of(() -> report[0] = engine.maintenance().compact(new ByteSize(0)));
                moved = report[0].bytesMoved();
                Cost copy = copy(directory, moved, chunkBytes);
                if (round >= 0) {
                    collected.add(gc);
                    indexed.add(index);
                    compacted.add(compact);
                    copied.add(copy);
                }
            } finally {
                BenchServer.deleteTree(directory);
            }
        }
        double stored = (double) chunks * chunkBytes / GIGA;
        Results results = context.results();
        results.add(
                BENCH,
                Metric.less("gc-" + name, "s/GB", Cost.median(collected, Cost::seconds, stored))
                        .against(IndexPeer.NAME, Cost.median(indexed, Cost::seconds, stored)));
        compaction(results, "compact-" + name, compacted, copied, moved / GIGA);
    }

    private static void compaction(
            Results results, String name, List<Cost> ours, List<Cost> peer, double gigabytes) {
        String copy = "read + write + fsync";
        results.add(
                BENCH,
                Metric.less(name, "s/GB", Cost.median(ours, Cost::seconds, gigabytes))
                        .against(copy, Cost.median(peer, Cost::seconds, gigabytes)));
        results.add(
                BENCH,
                Metric.less(
                                name + "-cpu",
                                "CPU s/GB",
                                Cost.median(ours, Cost::cpuSeconds, gigabytes))
                        .against(copy, Cost.median(peer, Cost::cpuSeconds, gigabytes)));
        results.add(
                BENCH,
                Metric.less(
                                name + "-written",
                                "GB/GB",
                                Cost.median(ours, Cost::writtenBytes, gigabytes * GIGA))
                        .against(copy, Cost.median(peer, Cost::writtenBytes, gigabytes * GIGA)));
    }

    /// Collects all garbage: a run that condemns it and one that removes it.
    static Cost collect(StorageEngine engine, HalfDead filled) throws IOException {
        engine.roots().register(filled);
        GcReport[] last = new GcReport[1];
        Cost cost =
                Cost.of(() -> {
                    engine.maintenance().gc(AT_ONCE);
                    last[0] = engine.maintenance().gc(AT_ONCE);
                });
        if (last[0].removed().chunks() == 0) {
            throw new IllegalStateException("gc removed nothing: " + last[0]);
        }
        return cost;
    }

    /// A run that finds nothing to do.
    static Cost look(StorageEngine engine) throws IOException {
        return Cost.of(() -> engine.maintenance().gc(AT_ONCE));
    }

    private static Cost copy(Path directory, long bytes, int pieceBytes) throws IOException {
        ByteBuffer piece = ByteBuffer.allocateDirect(pieceBytes);
        try (FileChannel from = create(directory.resolve("from"));
                FileChannel to = create(directory.resolve("to"))) {
            for (long at = 0; at < bytes; at += pieceBytes) {
                write(from, piece.clear());
            }
            from.force(false);
            return Cost.of(() -> copy(from, to, piece));
        }
    }

    private static FileChannel create(Path file) throws IOException {
        return FileChannel.open(
                file,
                StandardOpenOption.CREATE_NEW,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
    }

    private static void copy(FileChannel from, FileChannel to, ByteBuffer piece)
            throws IOException {
        long unforced = 0;
        for (long at = 0; from.read(piece.clear(), at) > 0; at += piece.capacity()) {
            write(to, piece.flip());
            unforced += piece.capacity();
            if (unforced >= FORCE_BYTES) {
                to.force(false);
                unforced = 0;
            }
        }
        to.force(false);
    }

    private static void write(FileChannel file, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            file.write(bytes);
        }
    }
}
