package dev.quern.vector;

import com.sun.management.OperatingSystemMXBean;
import dev.quern.common.ByteSize;
import dev.quern.common.QuernException;
import dev.quern.vector.fused.FusedConfig;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;

/// Settings of a [CollectionService].
///
/// @param cacheDirectory holds Lucene directories; deleting it loses nothing
/// @param ramBuffer rows that a collection gathers in memory before it writes a segment
/// @param maxQueuedWrites writes in progress, over all collections; beyond it `EXHAUSTED`
/// @param maxQueuedBytes their framed size together; beyond it `EXHAUSTED`; also bounds one batch
/// @param checkpointRows a checkpoint starts when this many rows lie in a collection's tail
/// @param checkpointBytes or this many framed bytes
/// @param mergeThreads threads that merge segments, over all collections; one merge uses those that
///   are free
/// @param cpuThreads threads that search, and as many that apply writes, over all collections
/// @param maxQueuedSearches searches that wait for a thread; beyond it `EXHAUSTED`
/// @param maxOpenCollections collections held open; the least recently used idle one is closed
/// @param search how searches are run
/// @param maxGraph blocks of one segment's fused graph; a larger segment gets Lucene's HNSW graph
///   over vectors of 8, 4 or 1 bit a dimension, the most that fit in as much memory
/// @param buildMemory memory outside the heap for the fused graphs that are being built, together;
///   a build waits for others to end, and a graph that needs more is Lucene's
/// @param hotMemory copies of blocks in memory outside the heap, over all collections of the
///   process: the service made last sets it; beyond it blocks are read from the mapped files
/// @param idleMerge a collection without writes for so long is merged into few segments
/// @param history how long what was can be read of a collection that has no window of its own
/// @param historyBytes framed writes that a collection's history keeps at most
public record CollectionConfig(
        Path cacheDirectory,
        ByteSize ramBuffer,
        int maxQueuedWrites,
        ByteSize maxQueuedBytes,
        long checkpointRows,
        ByteSize checkpointBytes,
        int mergeThreads,
        int cpuThreads,
        int maxQueuedSearches,
        int maxOpenCollections,
        SearchConfig search,
        ByteSize maxGraph,
        ByteSize buildMemory,
        ByteSize hotMemory,
        Duration idleMerge,
        Duration history,
        ByteSize historyBytes) {
    /// Checks the values.
    public CollectionConfig {
        atLeast("ram-buffer in bytes", ramBuffer.bytes(), 1 << 20);
        atLeast("max-queued-writes", maxQueuedWrites, 1);
        atLeast("max-queued-bytes", maxQueuedBytes.bytes(), 1 << 20);
        atLeast("checkpoint-rows", checkpointRows, 1);
        atLeast("checkpoint-bytes", checkpointBytes.bytes(), 1);
        atLeast("merge-threads", mergeThreads, 1);
        atLeast("cpu-threads", cpuThreads, 1);
        atLeast("max-queued-searches", maxQueuedSearches, 1);
        atLeast("max-open-collections", maxOpenCollections, 1);
        atLeast("max-graph in bytes", maxGraph.bytes(), 0);
        atLeast("build-memory in bytes", buildMemory.bytes(), 0);
        atLeast("hot-memory in bytes", hotMemory.bytes(), 0);
        atLeast("idle-merge in ms", idleMerge.toMillis(), 0);
        atLeast("history in ms", history.toMillis(), 0);
        atLeast("history-bytes in bytes", historyBytes.bytes(), 0);
    }

    HistoryPlanner.Bounds historyBounds() {
        return new HistoryPlanner.Bounds(history, historyBytes.bytes());
    }

    /// The defaults; graphs of up to 8 GiB, built in a quarter of the machine's memory, and for
    /// copies of them half as much as the largest heap; merged when idle for 2 s; a history of 1
    /// hour, at most 1 GiB of writes.
    public static CollectionConfig defaults(Path cacheDirectory) {
        return new CollectionConfig(
                cacheDirectory,
                ByteSize.ofMebibytes(32),
                1_024,
                ByteSize.ofMebibytes(256),
                50_000,
                ByteSize.ofMebibytes(64),
                2,
                Runtime.getRuntime().availableProcessors(),
                1_024,
                128,
                SearchConfig.defaults(),
                ByteSize.ofMebibytes(FusedConfig.DEFAULTS.maxGraphBytes() >> 20),
                ByteSize.ofMebibytes(machineMebibytes() / 4),
                ByteSize.ofMebibytes(Runtime.getRuntime().maxMemory() >> 21),
                Duration.ofSeconds(2),
                Duration.ofHours(1),
                ByteSize.ofMebibytes(1 << 10));
    }

    private static long machineMebibytes() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean machine
                ? machine.getTotalMemorySize() >> 20
                : Runtime.getRuntime().maxMemory() >> 18;
    }

    static void atLeast(String name, long value, long least) {
        if (value < least) {
            throw QuernException.invalid(
                    "collections: " + name + " must be " + least + " or more, got " + value);
        }
    }
}
