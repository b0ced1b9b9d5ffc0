package dev.quern.vector.fused;

/// When a merge writes a graph, and with how many threads.
///
/// @param minVectors fewer are compared one by one
/// @param maxGraphBytes bytes of blocks; a larger field is compared one by one
/// @param threads threads that build a graph when the merge has an executor, else it is one
/// @param memory what builds may take together, blocks and what they need besides
public record FusedConfig(int minVectors, long maxGraphBytes, int threads, BuildMemory memory) {
    /// Graphs from 5,000 vectors up to 8 GiB, on two threads.
    public static final FusedConfig DEFAULTS = new FusedConfig(5_000, 8L << 30, 2);

    static final FusedConfig FLAT_ONLY = new FusedConfig(Integer.MAX_VALUE, 0, 1);

    public FusedConfig {
        if (minVectors < 1 || maxGraphBytes < 0 || threads < 1) {
            throw new IllegalArgumentException(
                    "minVectors and threads must be 1 or more and maxGraphBytes 0 or more, got "
                            + minVectors
                            + ", "
                            + threads
                            + ", "
                            + maxGraphBytes);
        }
    }

    /// With memory of its own for builds, twice as much as the blocks of one graph.
    public FusedConfig(int minVectors, long maxGraphBytes, int threads) {
        this(minVectors, maxGraphBytes, threads, new BuildMemory(2 * maxGraphBytes));
    }

    /// What a graph takes in memory outside the heap while it is built.
    static long buildBytes(long vectors, int dims) {
        return vectors * (BlockLayout.of(dims).bytes() + Edges.SIDE_BYTES);
    }

    /// How many vectors' blocks are within both bounds.
    public long maxVectors(int dims) {
        return Math.min(
                maxGraphBytes / BlockLayout.of(dims).bytes(),
                memory.limitBytes() / buildBytes(1, dims));
    }

    /// Whether the blocks of so many vectors are within both bounds.
    public boolean holds(int vectors, int dims) {
        return vectors <= maxVectors(dims);
    }
}
