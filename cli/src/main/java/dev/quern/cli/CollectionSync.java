package dev.quern.cli;

import dev.quern.client.QuernClient;
import dev.quern.common.wire.SyncCollection;
import dev.quern.common.wire.SyncEvent;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `quern collection sync`: rows of a volume's files.
@Command(
        name = "sync",
        description = "Brings the rows in step with the text files of a volume.",
        mixinStandardHelpOptions = true)
final class CollectionSync implements Callable<Integer> {
    @Mixin private Terminal terminal = new Terminal();

    @Parameters(index = "0", paramLabel = "COLLECTION")
    private String name = "";

    @Parameters(index = "1", paramLabel = "VOLUME")
    private String volume = "";

    @Option(names = "--glob", description = "files to index, default **")
    private @Nullable String glob;

    @Option(names = "--at", paramLabel = "COMMIT", description = "default: head")
    private @Nullable String at;

    @Override
    public Integer call() {
        try (QuernClient client = terminal.connect()) {
            SyncEvent done = sync(client, new SyncCollection(volume, glob, at));
            terminal.print(done, summary(done));
            done.skipped().forEach(skipped -> terminal.note("skipped " + skipped));
        }
        return ExitCode.OK.status();
    }

    private SyncEvent sync(QuernClient client, SyncCollection request) {
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
}
