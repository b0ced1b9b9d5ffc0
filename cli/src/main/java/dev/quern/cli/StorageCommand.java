package dev.quern.cli;

import dev.quern.client.QuernClient;
import dev.quern.common.wire.CompactResult;
import dev.quern.common.wire.FsckResult;
import dev.quern.common.wire.GcResult;
import dev.quern.common.wire.GcSpace;
import dev.quern.common.wire.RepairResult;
import dev.quern.common.wire.RunGc;
import dev.quern.common.wire.StorageBody;
import dev.quern.common.wire.StorageChunk;
import dev.quern.common.wire.StorageFinding;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `quern storage ...`: looks after the server's whole store.
@Command(
        name = "storage",
        description = "Looks after the whole store: garbage, packs, damage. For operators.",
        mixinStandardHelpOptions = true)
final class StorageCommand {
    @Command(description = "Shows what is stored.", mixinStandardHelpOptions = true)
    int stats(@Mixin Terminal terminal) {
        try (QuernClient client = terminal.connect()) {
            StorageBody stats = client.storage().stats();
            terminal.printTable(
                    stats,
                    List.of("CHUNKS", "PACKS", "BYTES", "DEAD BYTES", "QUARANTINED", "FACT INDEX"),
                    List.of(
                            List.of(
                                    Long.toString(stats.chunks()),
                                    Integer.toString(stats.packs()),
                                    Long.toString(stats.storedBytes()),
                                    Long.toString(stats.deadBytes()),
                                    Long.toString(stats.quarantined()),
                                    Long.toString(stats.factIndex()))));
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
                                    "how long they must have been garbage; default 3600. The first"
                                            + " run that finds one only marks it")
                    @Nullable Double grace,
            @Option(names = "--dry-run", description = "change nothing, say what would be done")
                    boolean dryRun) {
        try (QuernClient client = terminal.connect()) {
            GcResult result = client.storage().gc(new RunGc(grace, dryRun));
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
            CompactResult result = client.storage().compact();
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
            FsckResult result = client.storage().fsck();
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
                    "Fetches damaged and missing chunks from another copy and names what is lost;"
                            + " exit status 1 if anything is.",
            mixinStandardHelpOptions = true)
    int repair(@Mixin Terminal terminal) {
        try (QuernClient client = terminal.connect()) {
            RepairResult result = client.storage().repair();
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
