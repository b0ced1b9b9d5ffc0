package dev.quern.bench;

import java.io.IOException;

/// One benchmark: measures, compares, reports.
interface Benchmark {
    /// The name on the command line and of the file of results.
    String name();

    /// Measures and adds its figures to the context's results.
    void run(BenchContext context) throws IOException;
}
