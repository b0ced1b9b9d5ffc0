package dev.quern.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Collects the figures of one run: a line of a table for each at once, and a line of JSON in
/// `bench/results/NAME.jsonl`.
final class Results {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final PrintWriter out;
    private final Path checkout;
    private final InstantSource clock;
    private final boolean quick;
    private final String machine;
    private final String commit;

    /// @param quick figures are printed but not kept: too short a run to be quoted
    Results(PrintWriter out, Path checkout, InstantSource clock, boolean quick) {
        this.out = out;
        this.checkout = checkout;
        this.clock = clock;
        this.quick = quick;
        this.machine = machine();
        this.commit = Shell.output(checkout, "git", "rev-parse", "--short=12", "HEAD").strip();
        out.printf(
                Locale.ROOT,
                "%s%n%-10s %-26s %14s %-10s %-7s %-22s %14s %-7s %8s%n",
                machine,
                "bench",
                "metric",
                "value",
                "unit",
                "recall",
                "peer",
                "peer value",
                "recall",
                "ratio");
        out.flush();
    }

    private static String machine() {
        String model = "unknown CPU";
        try {
            for (String line : Files.readAllLines(Path.of("/proc/cpuinfo"))) {
                if (line.startsWith("model name")) {
                    model = line.substring(line.indexOf(':') + 1).strip();
                    break;
                }
            }
        } catch (IOException e) {
            model = System.getProperty("os.arch");
        }
        return model
                + ", "
                + Runtime.getRuntime().availableProcessors()
                + " cores, "
                + System.getProperty("os.name")
                + " "
                + System.getProperty("os.version")
                + ", Java "
                + System.getProperty("java.version");
    }

    /// Whether figures are printed only.
    boolean isQuick() {
        return quick;
    }

    /// Prints what one must know of the figures that follow.
    void note(String text) {
        out.println(text);
        out.flush();
    }

    void add(String bench, Metric metric) {
        Double ratio = metric.ratio();
        out.printf(
                Locale.ROOT,
                "%-10s %-26s %14s %-10s %-7s %-22s %14s %-7s %8s%n",
                bench,
                metric.metric(),
                number(metric.value()),
                metric.unit(),
                share(metric.recall()),
                metric.peer() == null ? "-" : metric.peer(),
                metric.peerValue() == null ? "-" : number(metric.peerValue()),
                share(metric.peerRecall()),
                ratio == null ? "-" : String.format(Locale.ROOT, "%.2f", ratio));
        out.flush();
        if (!quick) {
            keep(bench, metric, ratio);
        }
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, Math.abs(value) < 10 ? "%.4f" : "%,.1f", value);
    }

    private static String share(@Nullable Double recall) {
        return recall == null ? "-" : String.format(Locale.ROOT, "%.4f", recall);
    }

    private void keep(String bench, Metric metric, @Nullable Double ratio) {
        Map<String, @Nullable Object> line = new LinkedHashMap<>();
        line.put("bench", bench);
        line.put("metric", metric.metric());
        line.put("unit", metric.unit());
        line.put("value", metric.value());
        line.put("peer", metric.peer());
        line.put("peer_value", metric.peerValue());
        line.put("ratio", ratio);
        if (metric.recall() != null) {
            line.put("recall", metric.recall());
            line.put("peer_recall", metric.peerRecall());
        }
        line.put("higher_is_better", metric.higherIsBetter());
        line.put("machine", machine);
        line.put("commit", commit);
        line.put("date", LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC).toString());
        try {
            Path file = checkout.resolve("bench/results").resolve(bench + ".jsonl");
            Files.createDirectories(file.getParent());
            Files.writeString(
                    file,
                    JSON.writeValueAsString(line) + "\n",
                    StandardCharsets.UTF_8,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw QuernException.internal("cannot keep the results of " + bench, e);
        }
    }
}
