package dev.quern.bench;

import dev.quern.bench.inner.FactsJmh;
import java.nio.file.Path;

/// Durable facts of 100 bytes inside one JVM, by JMH. The peer is RocksDB with an fsync for each
/// write of one thread, of 64 threads (which it groups itself), and for batches of 64 records. Our
/// 64 writers are virtual threads, as in the server, where nothing else is said.
final class FactsBench implements Benchmark {
    private static final String PEER = "rocksdb";

    @Override
    public String name() {
        return "facts";
    }

    @Override
    public void run(BenchContext context) {
        Path work = BenchServer.temporary(context.checkout());
        try {
            Jmh jmh = Jmh.run(context, FactsJmh.class, work);
            Results results = context.results();
            results.add(
                    name(),
                    Metric.more("commit-1", "txn/s", jmh.score("commit1"))
                            .against(PEER, jmh.score("rocksPut1")));
            results.add(
                    name(),
                    Metric.more("commit-1-limit", "txn/s", jmh.score("commit1"))
                            .against("append + fdatasync", jmh.score("appendForce")));
            results.add(
                    name(),
                    Metric.more("commit-64", "txn/s", jmh.score("commit64"))
                            .against(PEER + " batch of 64", jmh.score("rocksBatch64")));
            results.add(
                    name(),
                    Metric.more("commit-64-threads", "txn/s", jmh.score("commit64Threads"))
                            .against(PEER + " 64 threads", jmh.score("rocksPut64")));
            results.add(
                    name(),
                    Metric.more("find", "facts/s", jmh.score("find"))
                            .against(PEER, jmh.score("rocksGet")));
            results.add(
                    name(),
                    Metric.more("find-stored", "facts/s", jmh.score("findStored"))
                            .against(PEER, jmh.score("rocksGetStored")));
        } finally {
            BenchServer.deleteTree(work);
        }
    }
}
