package dev.quern.vector.fused;

/// When a merge writes a graph, and with how many threads.
///
/// @param minVectors fewer are compared one by one
/// @param maxGraphBytes bytes of blocks; a larger field is compared one by one
/// @param threads threads that build a graph when the merge has an executor, else it is one
public record FusedConfig(int minVectors, long maxGraphBytes, int threads) {
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

    /// How many vectors' blocks are within the bound.
    public long maxVectors(int dims) {
        return maxGraphBytes / BlockLayout.of(dims).bytes();
    }

    /// Whether the blocks of so many vectors are within the bound.
    public boolean holds(int vectors, int dims) {
        return (long) vectors * BlockLayout.of(dims).bytes() <= maxGraphBytes;
    }
}
