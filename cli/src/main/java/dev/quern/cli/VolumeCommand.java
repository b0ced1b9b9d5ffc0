package dev.quern.cli;

import dev.quern.client.QuernClient;
import dev.quern.client.VolumeFiles;
import dev.quern.common.QuernException;
import dev.quern.common.wire.CommitBody;
import dev.quern.common.wire.FileEntry;
import dev.quern.common.wire.VolumeBody;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `quern volume ...`: versioned file trees.
@Command(
        name = "volume",
        description = "Creates and reads volumes: versioned file trees.",
        mixinStandardHelpOptions = true)
final class VolumeCommand {
    private static final int SHORT_ID = 12;

    @Command(description = "Creates a volume.", mixinStandardHelpOptions = true)
    int create(
            @Mixin Terminal terminal,
            @Parameters(paramLabel = "VOLUME") String volume,
            @Option(names = "--if-not-exists", description = "an existing one is fine")
                    boolean ifNotExists) {
        try (QuernClient client = terminal.connect()) {
            VolumeBody body =
                    ifNotExists
                            ? client.volumes().createIfMissing(volume)
                            : client.volumes().create(volume);
            terminal.print(body, "volume " + body.name() + " at commit " + shortId(body.head()));
        }
        return 0;
    }

    @Command(description = "Lists volumes.", mixinStandardHelpOptions = true)
    int list(@Mixin Terminal terminal) {
        try (QuernClient client = terminal.connect()) {
            List<VolumeBody> volumes = client.volumes().list();
            terminal.printTable(
                    Map.of("volumes", volumes),
                    List.of("NAME", "HEAD", "CREATED"),
                    volumes.stream()
                            .map(v -> List.of(v.name(), shortId(v.head()), v.createdAt()))
                            .toList());
        }
        return 0;
    }

    @Command(
            description = "Deletes a volume with all of its commits.",
            mixinStandardHelpOptions = true)
    int delete(
            @Mixin Terminal terminal,
            @Parameters(paramLabel = "VOLUME") String volume,
            @Option(names = "--yes", required = true, description = "say that you mean it")
                    boolean yes) {
        try (QuernClient client = terminal.connect()) {
            client.volumes().delete(volume);
            terminal.print(Map.of("deleted", volume), "deleted volume " + volume);
        }
        return 0;
    }

    @Command(description = "Lists files at a commit.", mixinStandardHelpOptions = true)
    int ls(
            @Mixin Terminal terminal,
            @Parameters(paramLabel = "VOLUME") String volume,
            @Parameters(paramLabel = "PATH", arity = "0..1", defaultValue = "") String path,
            @Option(
                            names = {"-r", "--recursive"},
                            description = "the whole tree below")
                    boolean recursive,
            @Option(names = "--at", paramLabel = "COMMIT", description = "default: head")
                    @Nullable String at) {
        try (QuernClient client = terminal.connect()) {
            List<FileEntry> entries = new ArrayList<>();
            String commit = files(client, volume, at).forEach(path, recursive, entries::add);
            terminal.printTable(
                    Map.of("commit", commit, "entries", entries),
                    List.of("SIZE", "MODIFIED", "PATH"),
                    entries.stream().map(VolumeCommand::row).toList());
        }
        return 0;
    }

    private static List<String> row(FileEntry entry) {
        boolean directory = entry.type().equals("directory");
        String modified = entry.modifiedAt();
        return List.of(
                directory ? "-" : Long.toString(entry.sizeBytes()),
                modified == null ? "-" : modified,
                entry.path() + (directory ? "/" : ""));
    }

    @Command(
            description = "Uploads files and directories and commits them.",
            mixinStandardHelpOptions = true)
    int put(
            @Mixin Terminal terminal,
            @Parameters(paramLabel = "VOLUME") String volume,
            @Parameters(paramLabel = "LOCAL", arity = "1..*", description = "files or directories")
                    List<Path> locals,
            @Option(
                            names = "--to",
                            paramLabel = "DIR",
                            defaultValue = "",
                            description = "folder in the volume")
                    String to,
            @Option(names = "--message", defaultValue = "", description = "of the commit")
                    String message,
            @Option(
                            names = "--expect",
                            paramLabel = "COMMIT",
                            description = "head that must not have moved")
                    @Nullable String expect,
            @Option(names = "--no-commit", description = "only stage") boolean noCommit) {
        try (QuernClient client = terminal.connect()) {
            VolumeFiles files = client.volumes().files(volume);
            VolumeUpload upload = VolumeUpload.of(locals, to);
            long sentBytes;
            try (Progress progress = new Progress(terminal.err(), "put")) {
                sentBytes = upload.send(files, progress);
            }
            if (noCommit) {
                terminal.print(
                        Map.of("staged", upload.count(), "bytes", sentBytes),
                        "staged " + upload.count() + " files, " + sentBytes + " bytes");
                return 0;
            }
            printCommit(
                    terminal,
                    expect == null ? files.commit(message) : files.commitOnto(expect, message));
        }
        return 0;
    }

    @Command(
            description = "Downloads a file (to stdout with -) or, with -r, a directory.",
            mixinStandardHelpOptions = true)
    int get(
            @Mixin Terminal terminal,
            @Parameters(paramLabel = "VOLUME") String volume,
            @Parameters(paramLabel = "PATH") String path,
            @Parameters(paramLabel = "LOCAL", arity = "0..1", defaultValue = ".") String local,
            @Option(
                            names = {"-r", "--recursive"},
                            description = "a directory")
                    boolean recursive,
            @Option(names = "--at", paramLabel = "COMMIT", description = "default: head")
                    @Nullable String at) {
        try (QuernClient client = terminal.connect();
                Progress progress = new Progress(terminal.err(), "get")) {
            VolumeDownload download = new VolumeDownload(files(client, volume, at), progress);
            if (recursive) {
                download.directory(path, Path.of(local));
            } else if (local.equals("-")) {
                download.standardOutput(path);
            } else {
                download.file(path, Path.of(local));
            }
        } catch (IOException e) {
            throw QuernException.invalid("cannot write to " + local + ": " + e.getMessage());
        }
        return 0;
    }

    @Command(
            description = "Removes a file or directory and commits.",
            mixinStandardHelpOptions = true)
    int rm(
            @Mixin Terminal terminal,
            @Parameters(paramLabel = "VOLUME") String volume,
            @Parameters(paramLabel = "PATH") String path,
            @Option(
                            names = {"-r", "--recursive"},
                            description = "a directory")
                    boolean recursive,
            @Option(names = "--no-commit", description = "only stage") boolean noCommit) {
        try (QuernClient client = terminal.connect()) {
            VolumeFiles files = client.volumes().files(volume);
            int removed = files.remove(path, recursive);
            if (noCommit) {
                terminal.print(
                        Map.of("removed", removed), "staged the removal of " + removed + " files");
            } else {
                printCommit(terminal, files.commit("rm " + path));
            }
        }
        return 0;
    }

    @Command(description = "Commits staged changes.", mixinStandardHelpOptions = true)
    int commit(
            @Mixin Terminal terminal,
            @Parameters(paramLabel = "VOLUME") String volume,
            @Option(names = "--message", defaultValue = "") String message,
            @Option(
                            names = "--expect",
                            paramLabel = "COMMIT",
                            description = "head that must not have moved")
                    @Nullable String expect) {
        try (QuernClient client = terminal.connect()) {
            VolumeFiles files = client.volumes().files(volume);
            printCommit(
                    terminal,
                    expect == null ? files.commit(message) : files.commitOnto(expect, message));
        }
        return 0;
    }

    @Command(description = "Shows the commits, newest first.", mixinStandardHelpOptions = true)
    int log(
            @Mixin Terminal terminal,
            @Parameters(paramLabel = "VOLUME") String volume,
            @Option(
                            names = "--limit",
                            defaultValue = "20",
                            description = "default ${DEFAULT-VALUE}")
                    int limit) {
        try (QuernClient client = terminal.connect()) {
            List<CommitBody> commits = client.volumes().files(volume).history(limit);
            terminal.printTable(
                    Map.of("commits", commits),
                    List.of("COMMIT", "CREATED", "FILES", "BYTES", "MESSAGE"),
                    commits.stream()
                            .map(c ->
                                    List.of(
                                            c.id(),
                                            c.createdAt(),
                                            Long.toString(c.files()),
                                            Long.toString(c.sizeBytes()),
                                            c.message()))
                            .toList());
        }
        return 0;
    }

    private static VolumeFiles files(QuernClient client, String volume, @Nullable String at) {
        VolumeFiles files = client.volumes().files(volume);
        return Optional.ofNullable(at).map(files::at).orElse(files);
    }

    private static void printCommit(Terminal terminal, CommitBody commit) {
        terminal.print(
                commit,
                "commit "
                        + commit.id()
                        + ": "
                        + commit.files()
                        + " files, "
                        + commit.sizeBytes()
                        + " bytes");
    }

    private static String shortId(String id) {
        return id.substring(0, Math.min(SHORT_ID, id.length()));
    }
}
