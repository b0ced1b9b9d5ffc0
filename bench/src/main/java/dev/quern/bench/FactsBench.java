package dev.quern.bench;

import dev.quern.bench.Jmh.Pair;
import dev.quern.bench.inner.FactsJmh;
import java.nio.file.Path;
import java.util.List;

/// Durable facts of 100 bytes inside one JVM, by JMH. The peer is RocksDB with an fsync for each
/// write of one thread, of 64 threads (which it groups itself), and for batches of 64 records. Our
/// 64 writers are virtual threads, as in the server, where nothing else is said.
final class FactsBench implements Benchmark {
    private static final List<Pair> COMMITS =
            List.of(
                    new Pair("commit-1", "commit1", "rocksdb", "rocksPut1"),
                    new Pair("commit-1-limit", "commit1", "append + fdatasync", "appendForce"),
                    new Pair("commit-64", "commit64", "rocksdb batch of 64", "rocksBatch64"),
                    new Pair(
                            "commit-64-threads",
                            "commit64Threads",
                            "rocksdb 64 threads",
                            "rocksPut64"));
    private static final List<Pair> READS =
            List.of(
                    new Pair("find", "find", "rocksdb", "rocksGet"),
                    new Pair("find-stored", "findStored", "rocksdb", "rocksGetStored"));

    @Override
    public String name() {
        return "facts";
    }

    @Override
    public void run(BenchContext context) {
        Path work = BenchServer.temporary(context.checkout());
        try {
            Jmh jmh = Jmh.run(context, FactsJmh.class, work);
            jmh.report(context.results(), name(), "txn/s", COMMITS);
            jmh.report(context.results(), name(), "facts/s", READS);
        } finally {
            BenchServer.deleteTree(work);
        }
    }
}
