package dev.quern.bench;

import java.nio.file.Path;

/// What a benchmark runs in.
///
/// @param checkout the source tree
/// @param data folder of the corpora, which are not part of the source tree
/// @param quick a short run, to see that everything works
/// @param results where figures go
/// @param peers runs the Python peers
record BenchContext(Path checkout, Path data, boolean quick, Results results, Peers peers) {
    /// One of two sizes.
    int size(int whole, int whenQuick) {
        return quick ? whenQuick : whole;
    }
}
