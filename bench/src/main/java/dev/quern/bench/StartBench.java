package dev.quern.bench;

import dev.quern.client.LocalServer;
import java.nio.file.Path;

/// From starting `quern serve` to its ready line, on data that is there already. The peer is a JVM
/// that prints one line: what no Java server can beat.
final class StartBench implements Benchmark {
    @Override
    public String name() {
        return "start";
    }

    @Override
    public void run(BenchContext context) {
        int rounds = context.size(15, 3);
        Path data = BenchServer.temporary(context.checkout());
        double[] seconds = new double[rounds];
        double[] peer = new double[rounds];
        Path java = Path.of(System.getProperty("java.home"), "bin/java");
        try {
            for (int i = -1; i < rounds; i++) {
                try (LocalServer server = LocalServer.start(BenchServer.launcher(), data)) {
                    if (i >= 0) {
                        seconds[i] = server.startTime().toNanos() / 1e9;
                    }
                }
                long startNanos = System.nanoTime();
                String version = Shell.output(data, java.toString(), "-Xshare:auto", "--version");
                if (i >= 0 && !version.isEmpty()) {
                    peer[i] = (System.nanoTime() - startNanos) / 1e9;
                }
            }
        } finally {
            BenchServer.deleteTree(data);
        }
        Stats ours = Stats.of(seconds);
        context.results()
                .add(
                        name(),
                        Metric.less("ready-p50", "s", ours.median())
                                .against("java --version", Stats.of(peer).median()));
        context.results().add(name(), Metric.less("ready-max", "s", ours.quantile(1)));
    }
}
