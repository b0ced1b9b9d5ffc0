package dev.quern.cli;

import dev.quern.client.QuernClient;
import dev.quern.common.wire.AliasBody;
import dev.quern.common.wire.CollectionBody;
import dev.quern.common.wire.HistoryBody;
import dev.quern.common.wire.SnapshotBody;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Commands of `quern collection` about names and versions.
final class CollectionVersionCommands {
    private CollectionVersionCommands() {}

    /// `quern collection snapshot ...`.
    @Command(
            name = "snapshot",
            description =
                    "Makes, lists and deletes snapshots; read one with --at of search, count, get"
                            + " and export.",
            mixinStandardHelpOptions = true)
    static final class Snapshot {
        @Command(
                description = "Keeps the rows and fields as they are, or were.",
                mixinStandardHelpOptions = true)
        int create(
                @Mixin Terminal terminal,
                @Parameters(paramLabel = "COLLECTION") String name,
                @Parameters(paramLabel = "SNAPSHOT") String snapshot,
                @Option(names = "--at", paramLabel = "WHEN", description = CollectionCommand.AT)
                        @Nullable String at) {
            try (QuernClient client = terminal.connect()) {
                SnapshotBody body = client.collections().versions().snapshot(name, snapshot, at);
                terminal.print(body, line(body));
            }
            return 0;
        }

        @Command(description = "Lists the snapshots.", mixinStandardHelpOptions = true)
        int list(@Mixin Terminal terminal, @Parameters(paramLabel = "COLLECTION") String name) {
            try (QuernClient client = terminal.connect()) {
                List<SnapshotBody> all = client.collections().versions().snapshots(name);
                terminal.printTable(
                        Map.of("snapshots", all),
                        List.of("NAME", "ROWS", "BYTES", "TOKEN", "CREATED"),
                        all.stream()
                                .map(s ->
                                        List.of(
                                                s.name(),
                                                Long.toString(s.rows()),
                                                Long.toString(s.bytes()),
                                                Long.toString(s.token()),
                                                s.createdAt()))
                                .toList());
            }
            return 0;
        }

        @Command(description = "Shows a snapshot.", mixinStandardHelpOptions = true)
        int describe(
                @Mixin Terminal terminal,
                @Parameters(paramLabel = "COLLECTION") String name,
                @Parameters(paramLabel = "SNAPSHOT") String snapshot) {
            try (QuernClient client = terminal.connect()) {
                SnapshotBody body = client.collections().versions().getSnapshot(name, snapshot);
                terminal.print(body, line(body));
            }
            return 0;
        }

        @Command(
                description = "Deletes a snapshot; the collection stays as it is.",
                mixinStandardHelpOptions = true)
        int delete(
                @Mixin Terminal terminal,
                @Parameters(paramLabel = "COLLECTION") String name,
                @Parameters(paramLabel = "SNAPSHOT") String snapshot,
                @Option(names = "--yes", required = true, description = "say that you mean it")
                        boolean yes) {
            try (QuernClient client = terminal.connect()) {
                client.collections().versions().deleteSnapshot(name, snapshot);
                terminal.print(
                        Map.of("deleted", snapshot),
                        "deleted snapshot " + snapshot + " of collection " + name);
            }
            return 0;
        }

        private static String line(SnapshotBody body) {
            return "snapshot "
                    + body.name()
                    + ": "
                    + body.rows()
                    + " rows at token "
                    + body.token()
                    + ", "
                    + body.createdAt();
        }
    }

    /// `quern collection alias ...`.
    @Command(
            name = "alias",
            description = "Sets, lists and deletes aliases: other names of collections.",
            mixinStandardHelpOptions = true)
    static final class Alias {
        @Command(
                description = "Makes an alias mean a collection, from one moment to the next.",
                mixinStandardHelpOptions = true)
        int set(
                @Mixin Terminal terminal,
                @Parameters(paramLabel = "ALIAS") String alias,
                @Parameters(paramLabel = "COLLECTION") String name) {
            try (QuernClient client = terminal.connect()) {
                AliasBody body = client.collections().versions().setAlias(alias, name);
                terminal.print(
                        body, "alias " + body.alias() + " of collection " + body.collection());
            }
            return 0;
        }

        @Command(description = "Lists the aliases.", mixinStandardHelpOptions = true)
        int list(@Mixin Terminal terminal) {
            try (QuernClient client = terminal.connect()) {
                List<AliasBody> all = client.collections().versions().aliases();
                terminal.printTable(
                        Map.of("aliases", all),
                        List.of("ALIAS", "COLLECTION"),
                        all.stream().map(a -> List.of(a.alias(), a.collection())).toList());
            }
            return 0;
        }

        @Command(
                description = "Deletes an alias; its collection stays.",
                mixinStandardHelpOptions = true)
        int delete(@Mixin Terminal terminal, @Parameters(paramLabel = "ALIAS") String alias) {
            try (QuernClient client = terminal.connect()) {
                client.collections().versions().deleteAlias(alias);
                terminal.print(Map.of("deleted", alias), "deleted alias " + alias);
            }
            return 0;
        }
    }

    /// `quern collection branch`.
    @Command(
            name = "branch",
            description =
                    "Makes a collection that begins with the rows of another; copies nothing.",
            mixinStandardHelpOptions = true)
    static final class Branch implements Callable<Integer> {
        @Mixin private Terminal terminal = new Terminal();

        @Parameters(index = "0", paramLabel = "COLLECTION")
        private String name = "";

        @Parameters(index = "1", paramLabel = "NEW", description = "name of the new collection")
        private String branch = "";

        @Option(
                names = "--at",
                paramLabel = "WHEN",
                description = "begin with the rows " + CollectionCommand.AT)
        private @Nullable String at;

        @Override
        public Integer call() {
            try (QuernClient client = terminal.connect()) {
                CollectionBody body = client.collections().versions().branch(name, branch, at);
                terminal.print(
                        body,
                        "collection " + body.name() + " of " + name + ": " + body.rows() + " rows");
            }
            return ExitCode.OK.status();
        }
    }

    /// `quern collection rollback`.
    @Command(
            name = "rollback",
            description =
                    "Returns to what was: a snapshot, the token of a write, or a time. What was"
                            + " written since is gone.",
            mixinStandardHelpOptions = true)
    static final class Rollback implements Callable<Integer> {
        @Mixin private Terminal terminal = new Terminal();

        @Parameters(index = "0", paramLabel = "COLLECTION")
        private String name = "";

        @Parameters(index = "1", paramLabel = "WHEN")
        private String to = "";

        @SuppressWarnings("UnusedVariable") // that it is there is all there is to it
        @Option(names = "--yes", required = true, description = "say that you mean it")
        private boolean yes;

        @Override
        public Integer call() {
            try (QuernClient client = terminal.connect()) {
                CollectionBody body = client.collections().versions().rollback(name, to);
                terminal.print(
                        body,
                        "collection " + body.name() + " at " + to + ": " + body.rows() + " rows");
            }
            return ExitCode.OK.status();
        }
    }

    /// `quern collection history`.
    @Command(
            name = "history",
            description = "Shows how far back a collection can be read, and sets how far.",
            mixinStandardHelpOptions = true)
    static final class History implements Callable<Integer> {
        @Mixin private Terminal terminal = new Terminal();

        @Parameters(paramLabel = "COLLECTION")
        private String name = "";

        @Option(
                names = "--keep",
                paramLabel = "SECONDS",
                description = "keep what was for so long, up to 2592000 (30 days); 0: do not")
        private @Nullable Long keep;

        @Override
        public Integer call() {
            try (QuernClient client = terminal.connect()) {
                HistoryBody body =
                        keep == null
                                ? client.collections().versions().history(name)
                                : client.collections()
                                        .versions()
                                        .setHistory(name, Duration.ofSeconds(keep));
                terminal.print(
                        body,
                        body.since() == null
                                ? "collection " + name + ": no history"
                                : "collection "
                                        + name
                                        + ": since "
                                        + body.since()
                                        + " (token "
                                        + body.sinceToken()
                                        + "), kept for "
                                        + body.seconds()
                                        + " s");
            }
            return ExitCode.OK.status();
        }
    }

    /// `quern collection rename`.
    @Command(
            name = "rename",
            description = "Gives a collection another name; rows, snapshots and aliases stay.",
            mixinStandardHelpOptions = true)
    static final class Rename implements Callable<Integer> {
        @Mixin private Terminal terminal = new Terminal();

        @Parameters(index = "0", paramLabel = "COLLECTION")
        private String name = "";

        @Parameters(index = "1", paramLabel = "NEW")
        private String to = "";

        @Override
        public Integer call() {
            try (QuernClient client = terminal.connect()) {
                CollectionBody body = client.collections().versions().rename(name, to);
                terminal.print(body, "collection " + name + " is " + body.name());
            }
            return ExitCode.OK.status();
        }
    }
}
