package dev.quern.vector;

import dev.quern.vector.fused.BuildMemory;
import dev.quern.vector.fused.FusedConfig;

/// The threads of a [CollectionService]. The owner closes them, last of all.
///
/// @param merging merges segments
/// @param saving makes checkpoints
/// @param applying opens collections and applies writes
/// @param reading reads the rows that writes depend on
/// @param searching searches
record CollectionPools(
        CpuPool merging, CpuPool saving, CpuPool applying, CpuPool reading, CpuPool searching)
        implements AutoCloseable {
    static CollectionPools of(CollectionConfig config) {
        int threads = config.cpuThreads();
        int collections = config.maxOpenCollections();
        return new CollectionPools(
                new CpuPool("merge", config.mergeThreads(), collections),
                new CpuPool("checkpoint", 1, collections),
                new CpuPool("apply", threads, collections),
                new CpuPool("row", threads, config.maxQueuedWrites()),
                new CpuPool("search", threads, config.maxQueuedSearches()));
    }

    /// How collections are indexed on these threads. Each has its own bound of build memory: made
    /// once for a service.
    LuceneIndex.Tuning indexing(CollectionConfig config) {
        return new LuceneIndex.Tuning(
                config.ramBuffer().bytes() / (double) (1 << 20),
                merging,
                part -> {
                    if (searching.isIdle()) {
                        merging.offer(part);
                    }
                },
                searching::isFull,
                new FusedConfig(
                        FusedConfig.DEFAULTS.minVectors(),
                        config.maxGraph().bytes(),
                        config.mergeThreads(),
                        new BuildMemory(config.buildMemory().bytes())));
    }

    @Override
    public void close() {
        searching.close();
        reading.close();
        applying.close();
        saving.close();
        merging.close();
    }
}
