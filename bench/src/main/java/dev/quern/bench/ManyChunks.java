package dev.quern.bench;

import dev.quern.common.ByteSize;
import dev.quern.storage.StorageConfig;
import dev.quern.storage.StorageEngine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// What a store of a million small chunks costs: filling it, opening it, its index on disk,
/// removing more than half of them.
final class ManyChunks {
    private static final String BENCH = "chunks";
    private static final int CHUNK_BYTES = 64;

    private ManyChunks() {}

    static void run(BenchContext context, Path directory) throws IOException {
        int count = context.size(1_000_000, 20_000);
        StorageConfig config = StorageConfig.in(directory);
        long start = System.nanoTime();
        HalfDead chunks;
        try (StorageEngine engine = StorageEngine.open(config)) {
            chunks = HalfDead.fill(engine.chunks(), count, CHUNK_BYTES, 0);
        }
        double filled = (System.nanoTime() - start) / 1e9;
        double[] opened = new double[context.size(5, 1)];
        for (int i = 0; i < opened.length; i++) {
            start = System.nanoTime();
            try (StorageEngine engine = StorageEngine.open(config)) {
                engine.chunks().stats();
                opened[i] = (System.nanoTime() - start) / 1e9;
            }
        }
        Results results = context.results();
        results.add(BENCH, Metric.more("fill-" + count, "chunks/s", count / filled));
        results.add(BENCH, Metric.less("open-" + count, "s", Stats.of(opened).median()));
        results.add(
                BENCH,
                Metric.less(
                        "index-on-disk",
                        "B/chunk",
                        (double) size(directory.resolve("chunks/index")) / count));
        collect(results, config, chunks, count);
        BenchServer.deleteTree(directory);
    }

    /// Each run is told for a million chunks that it looked at, compaction for a million moved.
    private static void collect(Results results, StorageConfig config, HalfDead chunks, int count)
            throws IOException {
        Path peer = config.directory().resolve("peer");
        double millions = count / 1e6;
        try (StorageEngine engine = StorageEngine.open(config)) {
            Cost both = Upkeep.collect(engine, chunks);
            results.add(
                    BENCH,
                    Metric.less("gc-" + count, "s/M chunks", both.seconds() / millions)
                            .against(
                                    IndexPeer.NAME,
                                    IndexPeer.collect(peer, count).seconds() / millions));
            long left = engine.chunks().stats().chunks();
            double leftMillions = left / 1e6;
            Cost idle = Upkeep.look(engine);
            results.add(
                    BENCH,
                    Metric.less("gc-idle-" + left, "s/M chunks", idle.seconds() / leftMillions)
                            .against(
                                    IndexPeer.SCAN,
                                    IndexPeer.scan(peer, (int) left).seconds() / leftMillions));
            Cost compact = Cost.of(() -> engine.maintenance().compact(new ByteSize(0)));
            results.add(
                    BENCH,
                    Metric.less("compact-" + left, "s/M chunks", compact.seconds() / leftMillions));
        }
    }

    /// Bytes of the files in a directory.
    static long size(Path directory) throws IOException {
        List<Path> files;
        try (Stream<Path> tree = Files.walk(directory)) {
            files = tree.filter(Files::isRegularFile).toList();
        }
        long bytes = 0;
        for (Path file : files) {
            bytes += Files.size(file);
        }
        return bytes;
    }
}
