package dev.quern.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.quern.client.Collections;
import dev.quern.client.QuernClient;
import dev.quern.common.QuernException;
import dev.quern.common.wire.CollectionBody;
import dev.quern.common.wire.CollectionIndex;
import dev.quern.common.wire.CreateCollection;
import dev.quern.common.wire.DeleteResult;
import dev.quern.common.wire.RecallBody;
import dev.quern.common.wire.SchemaBody;
import dev.quern.common.wire.VectorIndexBody;
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
        subcommands = {
            CollectionUpsert.class,
            CollectionSearch.class,
            CollectionSync.class,
            CollectionVersionCommands.Snapshot.class,
            CollectionVersionCommands.Branch.class,
            CollectionVersionCommands.Rollback.class,
            CollectionVersionCommands.Alias.class,
            CollectionVersionCommands.History.class,
            CollectionVersionCommands.Rename.class,
            CollectionTune.class,
            CollectionExport.class,
            CollectionImport.class,
        },
        mixinStandardHelpOptions = true)
final class CollectionCommand {
    /// Of `--at`.
    static final String AT =
            "as they were: a snapshot, the token of a write, or a time such as"
                    + " 2026-11-22T18:30:00Z; default as they are now";

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
                    List.of("NAME", "ROWS", "DIMS", "METRIC", "MODEL", "ALIASES"),
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
                model == null ? "-" : model,
                body.aliases() == null ? "-" : String.join(",", body.aliases()));
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
        if (body.aliases() != null) {
            text.append("\n  aliases ").append(String.join(", ", body.aliases()));
        }
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
        if (schema.id() != null) {
            text.append("\n  ids: ").append(schema.id());
        }
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
            description = "Shows how the rows are indexed: segments, graphs, memory.",
            mixinStandardHelpOptions = true)
    int stats(@Mixin Terminal terminal, @Parameters(paramLabel = "COLLECTION") String name) {
        try (QuernClient client = terminal.connect()) {
            CollectionIndex index = client.collections().stats(name);
            terminal.printTable(
                    index,
                    List.of(
                            "VECTORS",
                            "ROWS",
                            "IN FUSED GRAPHS",
                            "OF THESE HOT",
                            "IN HNSW GRAPHS",
                            "RECALL@10",
                            "WIDTH"),
                    new TreeMap<>(index.vectors())
                            .entrySet().stream().map(CollectionCommand::row).toList());
            terminal.note(
                    index.rows()
                            + " rows in "
                            + index.segments()
                            + " segments"
                            + (index.merging() ? ", merging" : ""));
        }
        return 0;
    }

    private static List<String> row(Map.Entry<String, VectorIndexBody> field) {
        VectorIndexBody index = field.getValue();
        return List.of(
                field.getKey(),
                Long.toString(index.rows()),
                Long.toString(index.fusedRows()),
                Long.toString(index.hotRows()),
                Long.toString(index.hnswRows()),
                index.recall() == null ? "-" : recall(index.recall()),
                index.tuned() == null ? "default" : Integer.toString(index.tuned().width()));
    }

    private static String recall(RecallBody recall) {
        return String.format(Locale.ROOT, "%.3f of %d queries", recall.recall(), recall.queries());
    }

    @Command(description = "Counts rows.", mixinStandardHelpOptions = true)
    int count(
            @Mixin Terminal terminal,
            @Parameters(paramLabel = "COLLECTION") String name,
            @Option(names = "--filter", paramLabel = "JSON") @Nullable String filter,
            @Option(names = "--at", paramLabel = "WHEN", description = AT) @Nullable String at) {
        try (QuernClient client = terminal.connect()) {
            long count =
                    client.collections()
                            .count(
                                    name,
                                    filter == null
                                            ? null
                                            : Terminal.read("--filter", filter, JsonNode.class),
                                    at);
            terminal.print(Map.of("count", count), count + " rows");
        }
        return 0;
    }

    @Command(description = "Shows a row.", mixinStandardHelpOptions = true)
    int get(
            @Mixin Terminal terminal,
            @Parameters(paramLabel = "COLLECTION") String name,
            @Parameters(paramLabel = "ID") String id,
            @Option(names = "--at", paramLabel = "WHEN", description = AT) @Nullable String at) {
        try (QuernClient client = terminal.connect()) {
            terminal.printJson(client.collections().row(name, id, Optional.ofNullable(at)));
        }
        return 0;
    }

    @Command(description = "Deletes rows by id or by filter.", mixinStandardHelpOptions = true)
    int rm(
            @Mixin Terminal terminal,
            @Parameters(paramLabel = "COLLECTION") String name,
            @Parameters(paramLabel = "ID", arity = "0..*") @Nullable List<String> ids,
            @Option(names = "--filter", paramLabel = "JSON") @Nullable String filter,
            @Option(
                            names = "--if-version",
                            paramLabel = "VERSION",
                            description = "refuse unless the row, the only one named, has this one")
                    @Nullable Long ifVersion) {
        if ((filter == null) == (ids == null)) {
            throw QuernException.invalid("rm needs either row ids or --filter");
        }
        List<String> named = ids == null ? List.of() : ids;
        if (ifVersion != null && named.size() != 1) {
            throw QuernException.invalid("--if-version is for one row id");
        }
        try (QuernClient client = terminal.connect()) {
            Collections collections = client.collections();
            DeleteResult result;
            if (filter != null) {
                Object where = Terminal.read("--filter", filter, JsonNode.class);
                result = collections.deleteRowsWhere(name, where);
            } else if (ifVersion != null) {
                result = collections.deleteRowsIf(name, Map.of(named.getFirst(), ifVersion));
            } else {
                result = collections.deleteRows(name, named);
            }
            terminal.print(result, "deleted " + result.deleted() + " rows");
        }
        return 0;
    }
}
