package dev.quern.cli;

import dev.quern.client.CollectionTuning;
import dev.quern.client.QuernClient;
import dev.quern.common.QuernException;
import dev.quern.common.wire.FieldTuningBody;
import dev.quern.common.wire.TuneCollection;
import dev.quern.common.wire.TuneResult;
import dev.quern.common.wire.TuneStep;
import dev.quern.common.wire.TunedWidthBody;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `quern collection tune`: how wide searches walk.
@Command(
        name = "tune",
        description =
                "Finds how wide searches must walk to find a share of the nearest rows, and has"
                        + " them do so.",
        mixinStandardHelpOptions = true)
final class CollectionTune implements Callable<Integer> {
    @Mixin private Terminal terminal = new Terminal();

    @Parameters(paramLabel = "COLLECTION")
    private String name = "";

    @Option(names = "--field", description = "a vector field; default each of them")
    private @Nullable String field;

    @Option(names = "--target", description = "share to find, above 0 to 1; default 0.95")
    private @Nullable Double target;

    @Option(names = "-k", paramLabel = "K", description = "of so many nearest rows; default 10")
    private @Nullable Integer k;

    @Option(names = "--queries", description = "to compare; default 200")
    private @Nullable Integer queries;

    @Option(names = "--max-width", description = "the widest to try; default 2000")
    private @Nullable Integer maxWidth;

    @Option(names = "--timeout", paramLabel = "SECONDS", description = "default 30")
    private @Nullable Double timeout;

    @Option(names = "--dry-run", description = "only tell")
    private boolean dryRun;

    @Option(names = "--set", paramLabel = "WIDTH", description = "set it by hand instead")
    private @Nullable Integer set;

    @Option(names = "--clear", description = "have searches take the default again instead")
    private boolean clear;

    @Option(names = "--cancel", description = "end the tuning that is under way instead")
    private boolean cancel;

    @Override
    public Integer call() {
        if (Stream.of(set != null, clear, cancel).filter(asked -> asked).count() > 1) {
            throw QuernException.invalid("--set, --clear and --cancel exclude each other");
        }
        try (QuernClient client = terminal.connect()) {
            CollectionTuning tuning = client.collections().tuning();
            if (cancel) {
                boolean found = tuning.cancel(name);
                terminal.print(
                        Map.of("cancelled", found), found ? "cancelled" : name + " is not tuned");
            } else if (set != null) {
                print(tuning.set(name, field, set));
            } else if (clear) {
                print(tuning.clear(name, field));
            } else {
                print(tuning.tune(name, request()));
            }
        }
        return 0;
    }

    private TuneCollection request() {
        return new TuneCollection(
                field,
                target,
                k,
                queries,
                maxWidth,
                timeout == null ? null : Math.round(timeout * 1_000),
                !dryRun);
    }

    private void print(Map<String, TunedWidthBody> widths) {
        terminal.printTable(
                Map.of("widths", widths),
                List.of("VECTORS", "WIDTH"),
                new TreeMap<>(widths)
                        .entrySet().stream()
                                .map(each ->
                                        List.of(
                                                each.getKey(),
                                                Integer.toString(each.getValue().width())))
                                .toList());
        if (widths.isEmpty()) {
            terminal.note("searches take the default width");
        }
    }

    private void print(TuneResult result) {
        List<List<String>> rows = new ArrayList<>();
        new TreeMap<>(result.fields())
                .forEach((vectors, tuning) ->
                        tuning.steps().forEach(step -> rows.add(row(vectors, tuning, step))));
        terminal.printTable(
                result,
                List.of("VECTORS", "WIDTH", "RECALL", "AT LEAST", "MEDIAN US", "CHOSEN"),
                rows);
        new TreeMap<>(result.fields())
                .forEach((vectors, tuning) -> terminal.note(line(vectors, tuning)));
    }

    private static List<String> row(String vectors, FieldTuningBody tuning, TuneStep step) {
        Integer chosen = tuning.width();
        return List.of(
                vectors,
                Integer.toString(step.width()),
                String.format(Locale.ROOT, "%.3f", step.recall()),
                String.format(Locale.ROOT, "%.3f", step.recallAtLeast()),
                String.format(Locale.ROOT, "%.0f", step.medianMicros()),
                chosen != null && chosen == step.width() ? "*" : "");
    }

    private static String line(String vectors, FieldTuningBody tuning) {
        return vectors
                + ": "
                + tuning.message()
                + " ("
                + tuning.liveQueries()
                + " recent queries, "
                + tuning.storedQueries()
                + " stored vectors, "
                + tuning.rows()
                + " rows"
                + (tuning.kept() ? "; kept)" : "; nothing is kept)");
    }
}
