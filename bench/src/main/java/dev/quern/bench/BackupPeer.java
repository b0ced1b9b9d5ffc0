package dev.quern.bench;

import dev.quern.client.QuernClient;
import dev.quern.client.VolumeFiles;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// A real tree, the running JDK, put into a volume file by file and committed, twice; beside it
/// restic's backup of the same tree, twice. Both cut by content, compress and hash; restic encrypts
/// too.
final class BackupPeer {
    private static final String BENCH = "chunks";
    private static final String PEER = "restic";

    private BackupPeer() {}

    /// What one of the two did.
    ///
    /// @param first seconds of the first backup
    /// @param again seconds of the second, of the same files
    /// @param stored bytes that both take on disk
    private record Outcome(double first, double again, long stored) {}

    static void run(BenchContext context, Path work) throws IOException {
        if (context.results().isQuick()) {
            return;
        }
        Path tree = Path.of(System.getProperty("java.home")).toRealPath();
        double megabytes = ManyChunks.size(tree) / 1e6;
        Outcome ours = ours(context, tree);
        Outcome restic = restic(work, tree);
        Results results = context.results();
        results.add(
                BENCH,
                Metric.more("backup-tree", "MB/s", megabytes / ours.first)
                        .against(PEER, megabytes / restic.first));
        results.add(
                BENCH,
                Metric.more("backup-again", "MB/s", megabytes / ours.again)
                        .against(PEER, megabytes / restic.again));
        results.add(
                BENCH,
                Metric.less("backup-stored", "share", ours.stored / 1e6 / megabytes)
                        .against(PEER, restic.stored / 1e6 / megabytes));
    }

    private static Outcome ours(BenchContext context, Path tree) throws IOException {
        List<Path> files;
        try (Stream<Path> walk = Files.walk(tree)) {
            files = walk.filter(Files::isRegularFile).toList();
        }
        try (BenchServer server = BenchServer.start(context.checkout());
                QuernClient client = server.client()) {
            client.volumes().create("tree");
            VolumeFiles target = client.volumes().files("tree");
            double first = put(target, tree, files);
            double again = put(target, tree, files);
            return new Outcome(first, again, server.storedBytes());
        }
    }

    private static double put(VolumeFiles target, Path tree, List<Path> files) {
        long start = System.nanoTime();
        Load.run(
                4,
                files.size(),
                i -> target.put(tree.relativize(files.get(i)).toString(), files.get(i)));
        target.commit("backup");
        return (System.nanoTime() - start) / 1e9;
    }

    private static Outcome restic(Path work, Path tree) throws IOException {
        try {
            Shell.output(work, PEER, "version");
        } catch (QuernException e) {
            throw new QuernException(
                    e.kind(), "the peer restic is not installed: apt-get install restic", e);
        }
        Path secret = work.resolve("restic-password");
        Files.writeString(secret, "bench\n");
        Path repository = work.resolve("restic");
        List<String> options =
                List.of("-q", "--no-cache", "-p", secret.toString(), "-r", repository.toString());
        command(work, options, "init", "--repository-version", "2");
        double first = command(work, options, "backup", tree.toString());
        double again = command(work, options, "backup", "--force", tree.toString());
        return new Outcome(first, again, ManyChunks.size(repository));
    }

    private static double command(Path work, List<String> options, String... command) {
        long start = System.nanoTime();
        Shell.output(
                work,
                Stream.of(Stream.of(PEER), options.stream(), Stream.of(command))
                        .flatMap(words -> words)
                        .toArray(String[]::new));
        return (System.nanoTime() - start) / 1e9;
    }
}
