package dev.quern.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.quern.client.Collections;
import dev.quern.client.QuernClient;
import dev.quern.common.QuernException;
import dev.quern.common.wire.CollectionBody;
import dev.quern.common.wire.CreateCollection;
import dev.quern.common.wire.DeleteResult;
import dev.quern.common.wire.RowBody;
import dev.quern.common.wire.RowPage;
import dev.quern.common.wire.SchemaBody;
import dev.quern.common.wire.SearchHit;
import dev.quern.common.wire.SearchPlan;
import dev.quern.common.wire.SearchResult;
import dev.quern.common.wire.SearchRows;
import dev.quern.common.wire.SyncCollection;
import dev.quern.common.wire.SyncEvent;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `quern collection ...`: rows with vectors, text and attributes.
@Command(
        name = "collection",
        description =
                "Creates, fills and searches collections: rows with vectors, text, attributes.",
        mixinStandardHelpOptions = true)
final class CollectionCommand {
    private static final int PAGE_ROWS = 1_000;
    private static final int TEXT_SHOWN = 100;
    private static final String SCHEMA =
            "such as '{\"vectors\":{\"title\":{\"dims\":384}},\"texts\":{\"title\":{}},"
                    + "\"attributes\":{\"when\":\"datetime\"},\"strict\":true}'";

    @Command(description = "Creates a collection.", mixinStandardHelpOptions = true)
    int create(
            @Mixin Terminal terminal,
            @Parameters(paramLabel = "COLLECTION") String name,
            @Option(
                            names = "--dims",
                            description = "of the vectors; taken from the model when it is given")
                    @Nullable Integer dims,
            @Option(names = "--metric", description = "cosine, dot or l2; default cosine")
                    @Nullable String metric,
            @Option(names = "--model", description = "embeds rows and queries that come as text")
                    @Nullable String model,
            @Option(names = "--schema", paramLabel = "JSON", description = SCHEMA)
                    @Nullable String schema,
            @Option(
                            names = "--if-not-exists",
                            description = "an existing one that has the fields is fine")
                    boolean ifNotExists) {
        try (QuernClient client = terminal.connect()) {
            CollectionBody body =
                    client.collections()
                            .create(
                                    new CreateCollection(
                                            name,
                                            dims,
                                            metric,
                                            model,
                                            ifNotExists,
                                            schema == null ? null : schema(schema)));
            terminal.print(body, describe(body));
        }
        return 0;
    }

    @Command(
            name = "add-fields",
            description = "Adds vector fields, text fields and attributes to a collection.",
            mixinStandardHelpOptions = true)
    int addFields(
            @Mixin Terminal terminal,
            @Parameters(paramLabel = "COLLECTION") String name,
            @Parameters(paramLabel = "JSON", description = SCHEMA) String schema) {
        try (QuernClient client = terminal.connect()) {
            CollectionBody body = client.collections().addFields(name, schema(schema));
            terminal.print(body, describe(body));
        }
        return 0;
    }

    private static SchemaBody schema(String json) {
        return Terminal.read("the schema", json, SchemaBody.class);
    }

    @Command(description = "Lists collections.", mixinStandardHelpOptions = true)
    int list(@Mixin Terminal terminal) {
        try (QuernClient client = terminal.connect()) {
            List<CollectionBody> all = client.collections().list();
            terminal.printTable(
                    Map.of("collections", all),
                    List.of("NAME", "ROWS", "DIMS", "METRIC", "MODEL"),
                    all.stream().map(CollectionCommand::row).toList());
        }
        return 0;
    }

    private static List<String> row(CollectionBody body) {
        String model = body.model();
        return List.of(
                body.name(),
                Long.toString(body.rows()),
                body.dims() == null ? "-" : Integer.toString(body.dims()),
                Objects.requireNonNullElse(body.metric(), "-"),
                model == null ? "-" : model);
    }

    @Command(description = "Shows a collection.", mixinStandardHelpOptions = true)
    int describe(@Mixin Terminal terminal, @Parameters(paramLabel = "COLLECTION") String name) {
        try (QuernClient client = terminal.connect()) {
            CollectionBody body = client.collections().get(name);
            terminal.print(body, describe(body));
        }
        return 0;
    }

    private static String describe(CollectionBody body) {
        StringBuilder text = new StringBuilder();
        text.append("collection ").append(body.name()).append(": ").append(body.rows());
        text.append(" rows");
        SchemaBody schema = body.schema();
        sorted(schema.vectors())
                .forEach((name, field) -> {
                    text.append("\n  vector ").append(name).append(": ").append(field.dims());
                    text.append(" dimensions, ").append(field.metric());
                    if (field.model() != null) {
                        text.append(", ")
                                .append(field.model())
                                .append(" of ")
                                .append(field.source());
                    }
                });
        sorted(schema.texts())
                .forEach((name, field) ->
                        text.append("\n  text ")
                                .append(name)
                                .append(": ")
                                .append(field.analyzer()));
        sorted(schema.attributes())
                .forEach((name, type) ->
                        text.append("\n  attribute ").append(name).append(": ").append(type));
        if (Boolean.TRUE.equals(schema.strict())) {
            text.append("\n  strict: no other attributes");
        }
        return text.toString();
    }

    private static <T> Map<String, T> sorted(@Nullable Map<String, T> fields) {
        return new TreeMap<>(Objects.requireNonNullElse(fields, Map.of()));
    }

    @Command(description = "Deletes a collection with its rows.", mixinStandardHelpOptions = true)
    int delete(
            @Mixin Terminal terminal,
            @Parameters(paramLabel = "COLLECTION") String name,
            @Option(names = "--yes", required = true, description = "say that you mean it")
                    boolean yes) {
        try (QuernClient client = terminal.connect()) {
            client.collections().delete(name);
            terminal.print(Map.of("deleted", name), "deleted collection " + name);
        }
        return 0;
    }

    @Command(
            description =
                    "Writes rows from a file of JSON lines: {id, text, vector, attributes, texts,"
                            + " vectors}.",
            mixinStandardHelpOptions = true)
    int upsert(
            @Mixin Terminal terminal,
            @Parameters(paramLabel = "COLLECTION") String name,
            @Parameters(paramLabel = "FILE", description = "- for standard input") String file,
            @Option(
                            names = "--batch",
                            defaultValue = "500",
                            description = "rows a request; default ${DEFAULT-VALUE}")
                    int batch) {
        try (QuernClient client = terminal.connect();
                RowLines lines = RowLines.open(file)) {
            long upserted = upsert(terminal, client, name, lines, batch);
            terminal.print(Map.of("upserted", upserted), "upserted " + upserted + " rows");
        } catch (IOException e) {
            throw QuernException.invalid("cannot read " + file + ": " + e.getMessage());
        }
        return 0;
    }

    private static long upsert(
            Terminal terminal, QuernClient client, String name, RowLines lines, int batch)
            throws IOException {
        long upserted = 0;
        try (Progress progress = new Progress(terminal.err(), "upsert")) {
            List<RowBody> rows = lines.next(batch);
            while (!rows.isEmpty()) {
                upserted += client.collections().upsert(name, rows).upserted();
                progress.show(lines.readBytes(), lines.totalBytes(), upserted + " rows");
                rows = lines.next(batch);
            }
        }
        return upserted;
    }

    @Command(
            description = "Searches by text, by vector, or both; best hit first.",
            mixinStandardHelpOptions = true)
    int search(
            @Mixin Terminal terminal,
            @Parameters(paramLabel = "COLLECTION") String name,
            @Parameters(paramLabel = "TEXT", arity = "0..1") @Nullable String text,
            @Option(
                            names = "--mode",
                            description = "dense, bm25 or hybrid; default hybrid with text")
                    @Nullable String mode,
            @Option(names = "--limit", description = "hits, default 10") @Nullable Integer limit,
            @Option(
                            names = "--filter",
                            paramLabel = "JSON",
                            description = "such as '{\"eq\":[\"path\",\"README.md\"]}'")
                    @Nullable String filter,
            @Option(names = "--vector", paramLabel = "JSON", description = "array of numbers")
                    @Nullable String vector,
            @Option(names = "--exact", description = "compare every row") boolean exact,
            @Option(names = "--explain", description = "tell how each leg was run")
                    boolean explain) {
        SearchRows request =
                new SearchRows(
                        mode,
                        text,
                        vector == null
                                ? null
                                : List.of(Terminal.read("--vector", vector, Float[].class)),
                        limit,
                        filter == null ? null : Terminal.read("--filter", filter, JsonNode.class),
                        false,
                        exact,
                        null,
                        null,
                        null,
                        null,
                        null,
                        null,
                        explain);
        try (QuernClient client = terminal.connect()) {
            SearchResult result = client.collections().search(name, request);
            if (terminal.json()) {
                terminal.printJson(result);
            } else {
                result.hits().forEach(hit -> terminal.out().println(hitLine(hit)));
                terminal.out().flush();
                Objects.requireNonNullElse(result.plans(), List.<SearchPlan>of())
                        .forEach(plan -> terminal.note(planLine(plan)));
                terminal.note(
                        String.format(
                                Locale.ROOT,
                                "%d hits, %s, %.1f ms",
                                result.hits().size(),
                                result.mode(),
                                result.tookMs()));
            }
        }
        return 0;
    }

    private static String planLine(SearchPlan plan) {
        return plan.strategy()
                + ": "
                + plan.reason()
                + (plan.matching() == null ? "" : ", " + plan.matching() + " rows match");
    }

    private static String hitLine(SearchHit hit) {
        Object path = hit.attributes().get("path");
        String place =
                path == null ? hit.id() : path + ":" + hit.attributes().getOrDefault("line", 1);
        String text = Optional.ofNullable(hit.text()).orElse("").replaceAll("\\s+", " ");
        String shown =
                text.length() <= TEXT_SHOWN ? text : text.substring(0, TEXT_SHOWN - 3) + "...";
        return String.format(Locale.ROOT, "%8.4f  %s  %s", hit.score(), place, shown);
    }

    @Command(description = "Counts rows.", mixinStandardHelpOptions = true)
    int count(
            @Mixin Terminal terminal,
            @Parameters(paramLabel = "COLLECTION") String name,
            @Option(names = "--filter", paramLabel = "JSON") @Nullable String filter) {
        try (QuernClient client = terminal.connect()) {
            long count =
                    client.collections()
                            .count(
                                    name,
                                    filter == null
                                            ? null
                                            : Terminal.read("--filter", filter, JsonNode.class));
            terminal.print(Map.of("count", count), count + " rows");
        }
        return 0;
    }

    @Command(description = "Shows a row.", mixinStandardHelpOptions = true)
    int get(
            @Mixin Terminal terminal,
            @Parameters(paramLabel = "COLLECTION") String name,
            @Parameters(paramLabel = "ID") String id) {
        try (QuernClient client = terminal.connect()) {
            terminal.printJson(client.collections().row(name, id));
        }
        return 0;
    }

    @Command(description = "Deletes rows by id or by filter.", mixinStandardHelpOptions = true)
    int rm(
            @Mixin Terminal terminal,
            @Parameters(paramLabel = "COLLECTION") String name,
            @Parameters(paramLabel = "ID", arity = "0..*") @Nullable List<String> ids,
            @Option(names = "--filter", paramLabel = "JSON") @Nullable String filter) {
        if ((filter == null) == (ids == null)) {
            throw QuernException.invalid("rm needs either row ids or --filter");
        }
        try (QuernClient client = terminal.connect()) {
            Collections collections = client.collections();
            DeleteResult result =
                    filter == null
                            ? collections.deleteRows(name, ids == null ? List.of() : ids)
                            : collections.deleteRowsWhere(
                                    name, Terminal.read("--filter", filter, JsonNode.class));
            terminal.print(result, "deleted " + result.deleted() + " rows");
        }
        return 0;
    }

    @Command(
            description = "Prints every row as a line of JSON, in id order.",
            mixinStandardHelpOptions = true)
    int export(
            @Mixin Terminal terminal,
            @Parameters(paramLabel = "COLLECTION") String name,
            @Option(names = "--vectors", description = "with the vectors") boolean vectors) {
        try (QuernClient client = terminal.connect()) {
            Optional<String> after = Optional.empty();
            do {
                RowPage page =
                        client.collections()
                                .rows(name, new Collections.Page(after, PAGE_ROWS, vectors));
                page.rows().forEach(row -> terminal.out().println(Terminal.write(row)));
                after = Optional.ofNullable(page.next());
            } while (after.isPresent());
            terminal.out().flush();
        }
        return 0;
    }

    @Command(
            description = "Brings the rows in step with the text files of a volume.",
            mixinStandardHelpOptions = true)
    int sync(
            @Mixin Terminal terminal,
            @Parameters(paramLabel = "COLLECTION") String name,
            @Parameters(paramLabel = "VOLUME") String volume,
            @Option(names = "--glob", description = "files to index, default **")
                    @Nullable String glob,
            @Option(names = "--at", paramLabel = "COMMIT", description = "default: head")
                    @Nullable String at) {
        try (QuernClient client = terminal.connect()) {
            SyncEvent done = sync(terminal, client, name, new SyncCollection(volume, glob, at));
            terminal.print(done, summary(done));
            done.skipped().forEach(skipped -> terminal.note("skipped " + skipped));
        }
        return 0;
    }

    private static SyncEvent sync(
            Terminal terminal, QuernClient client, String name, SyncCollection request) {
        try (Progress progress = new Progress(terminal.err(), "sync")) {
            return client.collections()
                    .sync(
                            name,
                            request,
                            event ->
                                    progress.show(
                                            event.filesDone(),
                                            event.filesTotal(),
                                            event.rowsUpserted()
                                                    + " rows, "
                                                    + event.tokens()
                                                    + " tokens"));
        }
    }

    private static String summary(SyncEvent done) {
        return String.format(
                Locale.ROOT,
                "in step with commit %s: %d files, %d rows written, %d files gone, %d rows deleted, %d"
                        + " files skipped, %d tokens in %.1f s",
                done.commit(),
                done.filesDone(),
                done.rowsUpserted(),
                done.filesDeleted(),
                done.rowsDeleted(),
                done.filesSkipped(),
                done.tokens(),
                done.seconds());
    }

    /// Rows of a JSON-lines file, read batch by batch.
    private static final class RowLines implements AutoCloseable {
        private final LineSource source;

        private RowLines(LineSource source) {
            this.source = source;
        }

        static RowLines open(String file) throws IOException {
            return new RowLines(
                    file.equals("-") ? LineSource.standardInput() : LineSource.file(Path.of(file)));
        }

        List<RowBody> next(int limit) throws IOException {
            List<RowBody> rows = new ArrayList<>();
            while (rows.size() < limit) {
                Optional<String> line = source.next();
                if (line.isEmpty()) {
                    break;
                }
                if (!line.get().isBlank()) {
                    rows.add(Terminal.read(source.place(), line.get(), RowBody.class));
                }
            }
            return rows;
        }

        long readBytes() {
            return source.readBytes();
        }

        long totalBytes() {
            return source.totalBytes();
        }

        @Override
        public void close() throws IOException {
            source.close();
        }
    }
}
