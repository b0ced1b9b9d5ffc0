package dev.quern.bench;

import dev.quern.bench.inner.StoreJmh;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/// The storage engine inside one JVM, by JMH: durable chunks of 1 MiB against hashing, appending
/// and fsyncing the same bytes, and durable facts from 1 and from 64 writers.
final class StoreBench implements Benchmark {
    @Override
    public String name() {
        return "store";
    }

    @Override
    public void run(BenchContext context) {
        Path work = BenchServer.temporary(context.checkout());
        Map<String, Double> scores = new HashMap<>();
        try {
            OptionsBuilder options = new OptionsBuilder();
            options.include(StoreJmh.class.getName())
                    .forks(1)
                    .warmupIterations(context.size(2, 1))
                    .warmupTime(TimeValue.seconds(context.size(2, 1)))
                    .measurementIterations(context.size(5, 1))
                    .measurementTime(TimeValue.seconds(context.size(3, 1)))
                    .jvmArgsAppend("-Dquern.bench.work=" + work)
                    .verbosity(VerboseMode.SILENT);
            for (RunResult result : new Runner(options.build()).run()) {
                String benchmark = result.getParams().getBenchmark();
                scores.put(
                        benchmark.substring(benchmark.lastIndexOf('.') + 1),
                        result.getPrimaryResult().getScore());
            }
        } catch (RunnerException e) {
            throw new QuernException(ErrorKind.UNAVAILABLE, "JMH: " + e.getMessage(), e);
        } finally {
            BenchServer.deleteTree(work);
        }
        context.results()
                .add(
                        name(),
                        Metric.more("chunk-put-sync", "MiB/s", score(scores, "chunkPutSync"))
                                .against("limit", score(scores, "fileHashWriteSync")));
        context.results()
                .add(name(), Metric.more("chunk-open-verify", "MiB/s", score(scores, "chunkOpen")));
        context.results()
                .add(name(), Metric.more("fact-commit-1", "txn/s", score(scores, "factCommit1")));
        context.results()
                .add(name(), Metric.more("fact-commit-64", "txn/s", score(scores, "factCommit64")));
    }

    private static double score(Map<String, Double> scores, String benchmark) {
        Double score = scores.get(benchmark);
        if (score == null) {
            throw new QuernException(ErrorKind.UNAVAILABLE, "JMH did not run " + benchmark);
        }
        return score;
    }
}
