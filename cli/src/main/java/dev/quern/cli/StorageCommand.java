package dev.quern.cli;

import dev.quern.client.QuernClient;
import dev.quern.common.wire.BackupBody;
import dev.quern.common.wire.BackupResult;
import dev.quern.common.wire.CompactResult;
import dev.quern.common.wire.FsckResult;
import dev.quern.common.wire.GcResult;
import dev.quern.common.wire.GcSpace;
import dev.quern.common.wire.PruneBackupsResult;
import dev.quern.common.wire.RepairResult;
import dev.quern.common.wire.RotateKey;
import dev.quern.common.wire.RotateKeyResult;
import dev.quern.common.wire.RunGc;
import dev.quern.common.wire.RunRepair;
import dev.quern.common.wire.StorageBody;
import dev.quern.common.wire.StorageChunk;
import dev.quern.common.wire.StorageFinding;
import dev.quern.common.wire.StorageMember;
import dev.quern.common.wire.StorageOperation;
import dev.quern.common.wire.StorageOperationList;
import dev.quern.server.OfflineStorage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `quern storage ...`: looks after the server's whole store.
@Command(
        name = "storage",
        description =
                "Looks after the whole store: garbage, packs, damage, backups, keys. For operators.",
        mixinStandardHelpOptions = true)
final class StorageCommand {
    @Command(description = "Shows what is stored.", mixinStandardHelpOptions = true)
    int stats(@Mixin Terminal terminal) {
        try (QuernClient client = terminal.connect()) {
            StorageBody stats = client.storage().stats();
            terminal.printTable(
                    stats,
                    List.of("CHUNKS", "PACKS", "BYTES", "DEAD BYTES", "QUARANTINED", "INDEX"),
                    List.of(
                            List.of(
                                    Long.toString(stats.chunks()),
                                    Integer.toString(stats.packs()),
                                    Long.toString(stats.storedBytes()),
                                    Long.toString(stats.deadBytes()),
                                    Long.toString(stats.quarantined()),
                                    Long.toString(stats.appliedIndex()))));
            terminal.note("facts: " + stats.stateHash());
            terminal.note("new chunks encrypted: " + (stats.encrypted() ? "yes" : "no"));
            String tier = stats.tier();
            if (tier != null) {
                terminal.note("chunks are in " + tier);
            }
        }
        return 0;
    }

    @Command(
            description = "Removes chunks that nothing needs; 'compact' then frees their bytes.",
            mixinStandardHelpOptions = true)
    int gc(
            @Mixin Terminal terminal,
            @Option(
                            names = "--grace",
                            paramLabel = "SECONDS",
                            description =
                                    "how long they must have been garbage; default the"
                                            + " server's gc-grace. The first"
                                            + " run that finds one only marks it")
                    @Nullable Double grace,
            @Option(names = "--dry-run", description = "change nothing, say what would be done")
                    boolean dryRun) {
        try (QuernClient client = terminal.connect()) {
            RunGc request = new RunGc(grace, dryRun);
            GcResult result =
                    StorageProgress.during(
                            terminal, client, "gc", () -> client.storage().gc(request));
            terminal.printTable(
                    result,
                    List.of("SPACE", "LIVE", "CONDEMNED", "REMOVED", "REMOVED BYTES", "PROBLEM"),
                    result.spaces().stream().map(StorageCommand::row).toList());
            for (GcSpace space : result.spaces()) {
                space.garbage()
                        .forEach(chunk -> terminal.note(chunk.chunk() + ": " + chunk.reason()));
            }
            boolean whole = result.spaces().stream().allMatch(space -> space.problem() == null);
            return (whole ? ExitCode.OK : ExitCode.FAILED).status();
        }
    }

    private static List<String> row(GcSpace space) {
        String problem = space.problem();
        return List.of(
                space.space(),
                Long.toString(space.liveChunks()),
                Long.toString(space.condemnedChunks()),
                Long.toString(space.removedChunks()),
                Long.toString(space.removedBytes()),
                problem == null ? "-" : problem);
    }

    @Command(
            description = "Frees the bytes of removed chunks and merges small packs.",
            mixinStandardHelpOptions = true)
    int compact(@Mixin Terminal terminal) {
        try (QuernClient client = terminal.connect()) {
            CompactResult result =
                    StorageProgress.during(
                            terminal, client, "compact", () -> client.storage().compact());
            terminal.print(
                    result,
                    "packs removed: "
                            + result.packsRemoved()
                            + ", bytes freed: "
                            + result.bytesFreed()
                            + ", bytes moved: "
                            + result.bytesMoved());
        }
        return 0;
    }

    @Command(
            description =
                    "Reads everything and names what is damaged or missing, and what needs it; exit"
                            + " status 1 if anything is.",
            mixinStandardHelpOptions = true)
    int fsck(@Mixin Terminal terminal) {
        try (QuernClient client = terminal.connect()) {
            FsckResult result =
                    StorageProgress.during(terminal, client, "fsck", () -> client.storage().fsck());
            printFindings(terminal, result, result.findings(), result.problems());
            terminal.note(
                    "read "
                            + result.records()
                            + " records in "
                            + result.packs()
                            + " packs: "
                            + (result.clean() ? "clean" : result.damaged() + " chunks damaged"));
            return (result.clean() ? ExitCode.OK : ExitCode.FAILED).status();
        }
    }

    @Command(
            description =
                    "Fetches damaged and missing chunks from a backup and names what is lost;"
                            + " exit status 1 if anything is.",
            mixinStandardHelpOptions = true)
    int repair(
            @Mixin Terminal terminal,
            @Option(
                            names = "--from",
                            paramLabel = "URL",
                            description =
                                    "place of backups to fetch from: file:///DIRECTORY on the"
                                            + " server's machine or s3://BUCKET/PREFIX; without it"
                                            + " nothing is fetched")
                    @Nullable String from,
            @Option(names = "--backup", paramLabel = "ID", description = "default the latest")
                    @Nullable String backup) {
        try (QuernClient client = terminal.connect()) {
            RunRepair request = new RunRepair(from, backup);
            RepairResult result =
                    StorageProgress.during(
                            terminal, client, "repair", () -> client.storage().repair(request));
            printFindings(terminal, result, result.losses(), result.problems());
            terminal.note("chunks repaired: " + result.repaired() + ", lost: " + result.lost());
            boolean whole = result.lost() == 0 && result.problems().isEmpty();
            return (whole ? ExitCode.OK : ExitCode.FAILED).status();
        }
    }

    private static void printFindings(
            Terminal terminal, Object result, List<StorageFinding> findings, List<String> more) {
        List<List<String>> rows = new ArrayList<>();
        for (StorageFinding finding : findings) {
            rows.add(
                    List.of(
                            finding.space(),
                            finding.chunk(),
                            finding.use().isEmpty() ? "-" : finding.use(),
                            finding.problem()));
        }
        if (terminal.json() || !rows.isEmpty()) {
            terminal.printTable(result, List.of("SPACE", "CHUNK", "NEEDED BY", "PROBLEM"), rows);
        }
        more.forEach(terminal::note);
    }

    @Command(
            description = "Copies what earlier backups in a place lack, while the server runs.",
            mixinStandardHelpOptions = true)
    int backup(
            @Mixin Terminal terminal,
            @Option(
                            names = "--to",
                            paramLabel = "URL",
                            required = true,
                            description =
                                    "file:///DIRECTORY on the server's machine or s3://BUCKET/PREFIX")
                    String to) {
        try (QuernClient client = terminal.connect()) {
            BackupResult result =
                    StorageProgress.during(
                            terminal, client, "backup", () -> client.storage().backup(to));
            terminal.print(
                    result,
                    result.id()
                            + ": "
                            + result.files()
                            + " files, "
                            + result.bytes()
                            + " bytes, "
                            + result.newBytes()
                            + " of them new, facts at "
                            + result.index());
        }
        return 0;
    }

    @Command(
            description =
                    "Shows which of gc, compact, fsck, repair and backup run, how far they are, and"
                            + " how the last ones ended.",
            mixinStandardHelpOptions = true)
    int operations(@Mixin Terminal terminal) {
        try (QuernClient client = terminal.connect()) {
            StorageOperationList all = client.storage().operations();
            terminal.printTable(
                    all,
                    List.of("ID", "STATE", "PHASE", "DONE", "OF", "STARTED", "ENDED", "ERROR"),
                    Stream.concat(all.running().stream(), all.ended().stream())
                            .map(StorageCommand::row)
                            .toList());
        }
        return 0;
    }

    private static List<String> row(StorageOperation operation) {
        Long total = operation.total();
        String ended = operation.endedAt();
        String error = operation.error();
        return List.of(
                operation.id(),
                operation.state(),
                operation.phase(),
                StorageProgress.amount(operation, operation.done()),
                total == null ? "-" : StorageProgress.amount(operation, total),
                operation.startedAt(),
                ended == null ? "-" : ended,
                error == null ? "-" : error);
    }

    @Command(
            description =
                    "Asks an operation to stop. What it has done stays done; running it again does"
                            + " the rest.",
            mixinStandardHelpOptions = true)
    int cancel(@Mixin Terminal terminal, @Parameters(paramLabel = "ID") String id) {
        try (QuernClient client = terminal.connect()) {
            StorageOperation operation = client.storage().cancel(id);
            terminal.print(operation, operation.id() + " " + operation.state());
        }
        return 0;
    }

    @Command(description = "Lists the backups in a place.", mixinStandardHelpOptions = true)
    int backups(
            @Mixin Terminal terminal,
            @Option(names = "--to", paramLabel = "URL", required = true, description = "the place")
                    String to) {
        try (QuernClient client = terminal.connect()) {
            List<BackupBody> backups = client.storage().backups(to);
            terminal.printTable(
                    Map.of("backups", backups),
                    List.of("ID", "CREATED", "FILES", "BYTES", "INDEX"),
                    backups.stream()
                            .map(backup ->
                                    List.of(
                                            backup.id(),
                                            backup.created(),
                                            Integer.toString(backup.files()),
                                            Long.toString(backup.bytes()),
                                            Long.toString(backup.index())))
                            .toList());
        }
        return 0;
    }

    @Command(
            name = "verify-backup",
            description = "Reads all of a backup and compares it with its checksums; no server.",
            mixinStandardHelpOptions = true)
    int verifyBackup(@Mixin Terminal terminal, @Mixin OfflineOptions options) {
        BackupBody backup = options.open(Optional.empty()).verify(options.from(), options.backup());
        terminal.print(
                backup,
                backup.id() + ": " + backup.files() + " files, " + backup.bytes() + " bytes: good");
        return 0;
    }

    @Command(
            name = "prune-backups",
            description =
                    "Removes all backups in a place but the latest, and what only they need; no"
                            + " server.",
            mixinStandardHelpOptions = true)
    int pruneBackups(
            @Mixin Terminal terminal,
            @Mixin PlaceOptions place,
            @Option(
                            names = "--keep",
                            paramLabel = "N",
                            required = true,
                            description = "how many of the latest stay, 1 or more")
                    int keep,
            @Option(
                            names = "--keep-within",
                            paramLabel = "TIME",
                            description = "those that are not older stay too: 12h, 30d")
                    @Nullable String within,
            @Option(names = "--dry-run", description = "change nothing, say what would be done")
                    boolean dryRun) {
        PruneBackupsResult pruned =
                place.open(Optional.empty())
                        .prune(place.from(), keep, Optional.ofNullable(within), dryRun);
        terminal.printTable(
                pruned,
                List.of("ID", "CREATED", "WHAT"),
                Stream.concat(
                                pruned.removed().stream().map(b -> row(b, "removed")),
                                pruned.kept().stream().map(b -> row(b, "kept")))
                        .toList());
        terminal.note(
                (dryRun ? "would remove " : "removed ")
                        + pruned.removed().size()
                        + " backups: "
                        + pruned.files()
                        + " files, "
                        + pruned.bytes()
                        + " bytes");
        return 0;
    }

    private static List<String> row(BackupBody backup, String what) {
        return List.of(backup.id(), backup.created(), what);
    }

    @Command(
            description = "Lists the data directories that share the tier with the chunks.",
            mixinStandardHelpOptions = true)
    int members(@Mixin Terminal terminal) {
        try (QuernClient client = terminal.connect()) {
            List<StorageMember> members = client.storage().members();
            terminal.printTable(
                    Map.of("members", members),
                    List.of("ID", "WHOSE", "RUNNING", "SEEN"),
                    members.stream().map(StorageCommand::row).toList());
        }
        return 0;
    }

    private static List<String> row(StorageMember member) {
        String seen = member.seenAt();
        return List.of(
                member.id(),
                member.own() ? "own" : "other",
                member.running() ? "yes" : "no",
                seen == null ? "-" : seen);
    }

    @Command(
            name = "forget-member",
            description =
                    "Forgets a data directory that is lost for good: what only its facts need"
                            + " becomes garbage.",
            mixinStandardHelpOptions = true)
    int forgetMember(
            @Mixin Terminal terminal,
            @Parameters(paramLabel = "ID") String id,
            @Option(names = "--yes", required = true, description = "say that you mean it")
                    boolean yes) {
        try (QuernClient client = terminal.connect()) {
            client.storage().forgetMember(id);
            terminal.print(Map.of("forgotten", id), "forgot member " + id);
        }
        return 0;
    }

    @Command(
            name = "rotate-key",
            description = "Encrypts the new chunks of a space with a new data key.",
            mixinStandardHelpOptions = true)
    int rotateKey(
            @Mixin Terminal terminal,
            @Option(names = "--space", paramLabel = "SPACE", description = "default 'default'")
                    @Nullable String space) {
        try (QuernClient client = terminal.connect()) {
            RotateKeyResult result = client.storage().rotateKey(new RotateKey(space));
            terminal.print(result, "space " + result.space() + " has data key " + result.keyId());
        }
        return 0;
    }

    @Command(
            name = "new-key",
            description =
                    "Writes a fresh operator key to a new file of mode 0600, for"
                            + " 'quern serve --operator-key-file'; no server.",
            mixinStandardHelpOptions = true)
    int newKey(@Mixin Terminal terminal, @Parameters(paramLabel = "FILE") Path file) {
        String fingerprint = OfflineStorage.newKey(file);
        terminal.print(
                Map.of("file", file.toString(), "fingerprint", fingerprint),
                file + " has operator key " + fingerprint + "; keep a copy where no backup is");
        return 0;
    }

    @Command(description = "Says what needs a chunk.", mixinStandardHelpOptions = true)
    int explain(@Mixin Terminal terminal, @Parameters(paramLabel = "CHUNK") String chunk) {
        try (QuernClient client = terminal.connect()) {
            List<StorageChunk> spaces = client.storage().explain(chunk);
            List<List<String>> rows = new ArrayList<>();
            for (StorageChunk space : spaces) {
                if (space.uses().isEmpty()) {
                    String since = space.condemnedAt();
                    rows.add(
                            List.of(
                                    space.space(),
                                    "nothing" + (since == null ? "" : " since " + since)));
                }
                space.uses().forEach(use -> rows.add(List.of(space.space(), use)));
            }
            terminal.printTable(Map.of("spaces", spaces), List.of("SPACE", "NEEDED BY"), rows);
        }
        return 0;
    }
}
