package dev.quern.bench;

import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkStore;
import dev.quern.storage.StorageConfig;
import dev.quern.storage.StorageEngine;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// What a store of a million small chunks costs: filling it, opening it, its index on disk.
final class ManyChunks {
    private static final String BENCH = "chunks";
    private static final int CHUNK_BYTES = 64;
    private static final SpaceId SPACE = SpaceId.DEFAULT;

    private ManyChunks() {}

    static void run(BenchContext context, Path directory) throws IOException {
        int count = context.size(1_000_000, 20_000);
        StorageConfig config = StorageConfig.in(directory);
        long start = System.nanoTime();
        try (StorageEngine engine = StorageEngine.open(config)) {
            fill(engine.chunks(), count);
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
        BenchServer.deleteTree(directory);
    }

    private static void fill(ChunkStore chunks, int count) {
        MemorySegment chunk = MemorySegment.ofArray(new byte[CHUNK_BYTES]);
        for (int i = 0; i < count; i++) {
            chunk.set(ValueLayout.JAVA_INT_UNALIGNED, 0, i);
            chunks.put(SPACE, chunk);
        }
        chunks.sync();
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
