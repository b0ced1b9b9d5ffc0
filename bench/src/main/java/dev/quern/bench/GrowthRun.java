package dev.quern.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// One size of [GrowthBench] in a JVM of its own: `build WORK FILE QUERIES ROWS TRUTH` fills a
/// collection, `open` with the same opens it again; both print figures as JSON.
public final class GrowthRun {
    private static final double RECALL = 0.95;

    private final List<Map<String, Object>> figures = new ArrayList<>();
    private double recall;

    private GrowthRun() {}

    /// Runs one command.
    public static void main(String[] args) throws IOException {
        Path work = Path.of(args[1]);
        AnnData data =
                AnnData.read(
                        Path.of(args[2]),
                        Integer.parseInt(args[3]),
                        Integer.parseInt(args[4]),
                        Path.of(args[5]));
        GrowthRun run = new GrowthRun();
        if (args[0].equals("build")) {
            run.build(work, data);
        } else {
            run.open(work, data);
        }
        try (PrintStream out =
                new PrintStream(
                        new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8)) {
            out.println(
                    new ObjectMapper()
                            .writeValueAsString(
                                    Map.of("figures", run.figures, "recall", run.recall)));
        }
    }

    private void build(Path work, AnnData data) throws IOException {
        double[] seconds = new double[1];
        try (AnnCollection ours = new AnnCollection(work)) {
            Cost cost = Cost.of(() -> seconds[0] = ours.fill(data, _ -> Map.of()));
            tell("build", "s", seconds[0], false);
            tell("build-cpu", "s", cost.cpuSeconds(), false);
        }
        double mebi = 1 << 20;
        tell("disk-store", "MiB", ManyChunks.size(work.resolve("data")) / mebi, false);
        tell("disk-index", "MiB", ManyChunks.size(work.resolve("cache")) / mebi, false);
    }

    private void open(Path work, AnnData data) throws IOException {
        long start = System.nanoTime();
        try (AnnCollection ours = new AnnCollection(work)) {
            ours.first(data);
            tell("open", "s", (System.nanoTime() - start) / 1e9, false);
            AnnCollection.Speed speed = ours.atRecall(data, RECALL);
            recall = speed.recall();
            tell("qps", "queries/s", speed.seconds().length / total(speed.seconds()), true);
            Stats stats = Stats.of(speed.seconds());
            tell("p50", "ms", stats.median() * 1e3, true);
            tell("p99", "ms", stats.quantile(0.99) * 1e3, true);
            tell("memory", "MiB", residentMebibytes(), false);
        }
    }

    private static double total(double[] seconds) {
        double total = 0;
        for (double one : seconds) {
            total += one;
        }
        return total;
    }

    /// Of this process, mapped files in the page cache included.
    private static double residentMebibytes() throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.isReadable(status)) {
            return 0;
        }
        return Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToDouble(line -> Double.parseDouble(line.replaceAll("[^0-9]", "")) / 1024)
                .findFirst()
                .orElse(0);
    }

    private void tell(String name, String unit, double value, boolean searched) {
        Map<String, Object> figure = new LinkedHashMap<>();
        figure.put("name", name);
        figure.put("unit", unit);
        figure.put("value", value);
        figure.put("searched", searched);
        figures.add(figure);
    }
}
