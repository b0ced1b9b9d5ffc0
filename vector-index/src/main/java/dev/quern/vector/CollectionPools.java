package dev.quern.vector;

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

    @Override
    public void close() {
        searching.close();
        reading.close();
        applying.close();
        saving.close();
        merging.close();
    }
}
