package dev.quern.bench;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/// Runs the benchmarks of one class of `inner` by JMH, each in a JVM of its own.
final class Jmh {
    private final Map<String, Double> scores = new HashMap<>();

    private Jmh() {}

    /// Runs all of them.
    ///
    /// @param work where they may write, told to them by the system property `quern.bench.work`
    /// @throws QuernException `UNAVAILABLE` if JMH cannot run them
    static Jmh run(BenchContext context, Class<?> benchmarks, Path work) {
        Jmh jmh = new Jmh();
        try {
            OptionsBuilder options = new OptionsBuilder();
            options.include(benchmarks.getName() + "\\.")
                    .forks(1)
                    .warmupIterations(context.size(2, 1))
                    .warmupTime(TimeValue.seconds(context.size(2, 1)))
                    .measurementIterations(context.size(5, 1))
                    .measurementTime(TimeValue.seconds(context.size(3, 1)))
                    .jvmArgsAppend("-Dquern.bench.work=" + work)
                    .verbosity(VerboseMode.SILENT);
            for (RunResult result : new Runner(options.build()).run()) {
                String benchmark = result.getParams().getBenchmark();
                jmh.scores.put(
                        benchmark.substring(benchmark.lastIndexOf('.') + 1),
                        result.getPrimaryResult().getScore());
            }
        } catch (RunnerException e) {
            throw new QuernException(ErrorKind.UNAVAILABLE, "JMH: " + e.getMessage(), e);
        }
        return jmh;
    }

    /// Operations a second of a benchmark method.
    double score(String benchmark) {
        Double score = scores.get(benchmark);
        if (score == null) {
            throw new QuernException(ErrorKind.UNAVAILABLE, "JMH did not run " + benchmark);
        }
        return score;
    }

    /// A figure that is the score of one benchmark method against that of another.
    ///
    /// @param metric what it is called
    /// @param ours the method that measures it
    /// @param peer what it is compared with
    /// @param peers the method that measures the peer
    record Pair(String metric, String ours, String peer, String peers) {}

    /// Adds figures, more of which is better.
    void report(Results results, String bench, String unit, List<Pair> pairs) {
        for (Pair pair : pairs) {
            results.add(
                    bench,
                    Metric.more(pair.metric, unit, score(pair.ours))
                            .against(pair.peer, score(pair.peers)));
        }
    }
}
