package dev.quern.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.quern.client.QuernClient;
import dev.quern.common.wire.SearchBm25;
import dev.quern.common.wire.SearchHit;
import dev.quern.common.wire.SearchLeg;
import dev.quern.common.wire.SearchPlan;
import dev.quern.common.wire.SearchResult;
import dev.quern.common.wire.SearchRows;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `quern collection search`: hits, one a line.
@Command(
        name = "search",
        aliases = "query",
        description = "Searches by text, by vector, or both; best hit first.",
        mixinStandardHelpOptions = true)
final class CollectionSearch implements Callable<Integer> {
    private static final int TEXT_SHOWN = 100;

    @Mixin private Terminal terminal = new Terminal();

    @Parameters(index = "0", paramLabel = "COLLECTION")
    private String name = "";

    @Parameters(index = "1", paramLabel = "TEXT", arity = "0..1")
    private @Nullable String text;

    @Option(
            names = "--query",
            paramLabel = "QUERY",
            description = "words, '\"a phrase\"', prefix*, +required, -excluded, field:word")
    private @Nullable String query;

    @Option(names = "--mode", description = "dense, bm25 or hybrid; default hybrid with text")
    private @Nullable String mode;

    @Option(names = "--limit", description = "hits, default 10")
    private @Nullable Integer limit;

    @Option(
            names = "--filter",
            paramLabel = "JSON",
            description = "such as '{\"eq\":[\"path\",\"README.md\"]}'")
    private @Nullable String filter;

    @Option(names = "--vector", paramLabel = "JSON", description = "array of numbers")
    private @Nullable String vector;

    @Option(names = "--exact", description = "compare every row")
    private boolean exact;

    @Option(names = "--explain", description = "tell how each leg was run")
    private boolean explain;

    @Option(names = "--at", paramLabel = "WHEN", description = CollectionCommand.AT)
    private @Nullable String at;

    @Option(
            names = "--eventual",
            description = "do not wait for the last second's writes to become visible")
    private boolean eventual;

    @Override
    public Integer call() {
        try (QuernClient client = terminal.connect()) {
            SearchResult result = client.collections().search(name, request());
            if (terminal.json()) {
                terminal.printJson(result);
            } else {
                show(result);
            }
        }
        return ExitCode.OK.status();
    }

    private SearchRows request() {
        return new SearchRows(
                mode,
                text,
                vector == null ? null : List.of(Terminal.read("--vector", vector, Float[].class)),
                limit,
                filter == null ? null : Terminal.read("--filter", filter, JsonNode.class),
                false,
                exact ? true : null,
                query == null ? null : List.of(leg(query)),
                null,
                null,
                null,
                null,
                null,
                explain,
                at,
                null,
                eventual ? "eventual" : null,
                null);
    }

    private static SearchLeg leg(String query) {
        return new SearchLeg(null, new SearchBm25(null, query, null), null);
    }

    private void show(SearchResult result) {
        result.hits().forEach(hit -> terminal.out().println(line(hit)));
        terminal.out().flush();
        Objects.requireNonNullElse(result.plans(), List.<SearchPlan>of())
                .forEach(plan -> terminal.note(line(plan)));
        terminal.note(
                String.format(
                        Locale.ROOT,
                        "%d hits, %s, %.1f ms",
                        result.hits().size(),
                        result.mode(),
                        result.tookMs()));
    }

    private static String counted(@Nullable Long count, String what) {
        return count == null ? "" : ", " + count + " " + what;
    }

    private static String line(SearchPlan plan) {
        return plan.strategy()
                + ": "
                + plan.reason()
                + counted(plan.matching(), "rows match")
                + counted(plan.estimated(), "estimated")
                + counted(plan.visited(), "vertices visited")
                + counted(plan.coded(), "codes and")
                + counted(plan.compared(), "vectors compared")
                + (plan.width() == null
                        ? ""
                        : ", width " + plan.width() + " (" + plan.widthFrom() + ")");
    }

    private static String line(SearchHit hit) {
        Object path = hit.attributes().get("path");
        String place =
                path == null ? hit.id() : path + ":" + hit.attributes().getOrDefault("line", 1);
        String text = Optional.ofNullable(hit.text()).orElse("").replaceAll("\\s+", " ");
        String shown =
                text.length() <= TEXT_SHOWN ? text : text.substring(0, TEXT_SHOWN - 3) + "...";
        return String.format(Locale.ROOT, "%8.4f  %s  %s", hit.score(), place, shown);
    }
}
