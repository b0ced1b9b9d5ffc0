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
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/// What garbage collection and compaction cost, in stores of which 9 chunks in 16 are garbage
/// ([HalfDead]). Collecting takes two runs, one that condemns and one that removes; its peer is
/// RocksDB doing to as many keys what these do to the index ([IndexPeer]). The peer of compaction
/// reads as many bytes as are moved from one file, in pieces as long as a chunk, writes them to
/// another and forces that every 64 MiB.
final class Upkeep {
    private static final String BENCH = "chunks";
    private static final long FORCE_BYTES = 64 << 20;
    private static final double GIGA = 1e9;
    private static final ByteSize UNLIMITED = new ByteSize(0);
    private static final GcRequest AT_ONCE = new GcRequest(Duration.ZERO, false, UNLIMITED);

    private Upkeep() {}

    /// Stores of 2 GiB, in chunks of 1 MiB and of 64 KiB.
    static void run(BenchContext context, Path work) throws IOException {
        run(context, work, 1 << 20, "1m");
        run(context, work, 64 << 10, "64k");
    }

    /// What our work and the peers' took in one round.
    private record Round(Cost collect, Cost index, Cost compact, Cost copy) {}

    private static void run(BenchContext context, Path work, int chunkBytes, String name)
            throws IOException {
        int chunks = (int) ((long) context.size(2048, 64) * (1 << 20) / chunkBytes);
        int count = context.size(4, 1);
        List<Round> rounds = new ArrayList<>();
        for (int number = context.quick() ? 0 : -1; number < count; number++) {
            Path directory = work.resolve("upkeep");
            try {
                Round round = round(directory, chunks, chunkBytes, number);
                if (number >= 0) {
                    rounds.add(round);
                }
            } finally {
                BenchServer.deleteTree(directory);
            }
        }
        double stored = chunks * (double) chunkBytes / GIGA;
        double live = liveBytes(chunks, chunkBytes) / GIGA;
        Results results = context.results();
        results.add(
                BENCH,
                Metric.less("gc-" + name, "s/GB", median(rounds, r -> r.collect.seconds() / stored))
                        .against(IndexPeer.NAME, median(rounds, r -> r.index.seconds() / stored)));
        String compact = "compact-" + name;
        compaction(results, compact, "s/GB", rounds, cost -> cost.seconds() / live);
        compaction(results, compact + "-cpu", "CPU s/GB", rounds, c -> c.cpuSeconds() / live);
        compaction(
                results,
                compact + "-written",
                "GB/GB",
                rounds,
                cost -> cost.writtenBytes() / GIGA / live);
    }

    private static void compaction(
            Results results,
            String metric,
            String unit,
            List<Round> rounds,
            ToDoubleFunction<Cost> figure) {
        results.add(
                BENCH,
                Metric.less(metric, unit, median(rounds, r -> figure.applyAsDouble(r.compact)))
                        .against(
                                "read + write + fsync",
                                median(rounds, r -> figure.applyAsDouble(r.copy))));
    }

    private static double median(List<Round> rounds, ToDoubleFunction<Round> figure) {
        return Stats.of(rounds.stream().mapToDouble(figure).toArray()).median();
    }

    /// In every other round the peer of compaction goes first.
    private static Round round(Path directory, int chunks, int chunkBytes, int number)
            throws IOException {
        long live = liveBytes(chunks, chunkBytes);
        try (StorageEngine engine = StorageEngine.open(StorageConfig.in(directory))) {
            Cost gc = collect(engine, HalfDead.fill(engine.chunks(), chunks, chunkBytes, number));
            Cost index = IndexPeer.collect(directory.resolve("peer"), chunks);
            if (number % 2 == 0) {
                Cost copy = copy(directory, live, chunkBytes);
                return new Round(gc, index, compact(engine, live), copy);
            }
            return new Round(gc, index, compact(engine, live), copy(directory, live, chunkBytes));
        }
    }

    private static long liveBytes(int chunks, int chunkBytes) {
        return IntStream.range(0, chunks).filter(i -> !HalfDead.isDead(i)).count() * chunkBytes;
    }

    private static Cost compact(StorageEngine engine, long live) throws IOException {
        CompactReport[] report = new CompactReport[1];
        Cost cost = Cost.of(() -> report[0] = engine.maintenance().compact(UNLIMITED));
        if (report[0].bytesMoved() < live / 2) {
            throw new IllegalStateException("compaction moved little: " + report[0]);
        }
        return cost;
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
        } finally {
            Files.deleteIfExists(directory.resolve("from"));
            Files.deleteIfExists(directory.resolve("to"));
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
