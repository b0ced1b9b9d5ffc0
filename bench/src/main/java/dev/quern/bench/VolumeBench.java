package dev.quern.bench;

import dev.quern.client.QuernClient;
import dev.quern.client.VolumeFiles;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;

/// Files through HTTP with the Java client: one large file, and many small ones. The peer is `cp`
/// with an fsync of the copy, on the same disk, in turn with ours.
final class VolumeBench implements Benchmark {
    private static final int BLOCK = 1 << 20;
    private static final int SMALL_BYTES = 4_096;
    private static final String PEER = "cp + fsync";

    @Override
    public String name() {
        return "volume";
    }

    @Override
    public void run(BenchContext context) throws IOException {
        Path work = BenchServer.temporary(context.checkout());
        try (BenchServer server = BenchServer.start(context.checkout());
                QuernClient client = server.client()) {
            client.volumes().create("bench");
            large(context, client.volumes().files("bench"), work);
            small(context, client.volumes().files("bench"), work);
        } finally {
            BenchServer.deleteTree(work);
        }
    }

    private void large(BenchContext context, VolumeFiles files, Path work) throws IOException {
        int mebibytes = context.size(512, 32);
        int rounds = context.size(5, 1);
        double[] put = new double[rounds];
        double[] copy = new double[rounds];
        double[] get = new double[rounds];
        double[] read = new double[rounds];
        double megabytes = mebibytes * (double) BLOCK / 1e6;
        for (int i = -1; i < rounds; i++) {
            Path file = work.resolve("large-" + i);
            write(file, mebibytes, i);
            long start = System.nanoTime();
            files.put("large-" + i, file);
            files.commit("bench");
            long afterPut = System.nanoTime();
            Path target = work.resolve("copy");
            copy(work, file, target);
            long afterCopy = System.nanoTime();
            files.get("large-" + i, OutputStream.nullOutputStream());
            long afterGet = System.nanoTime();
            Shell.output(work, "sh", "-c", "cat '" + target + "' > /dev/null");
            long afterRead = System.nanoTime();
            if (i >= 0) {
                put[i] = megabytes / ((afterPut - start) / 1e9);
                copy[i] = megabytes / ((afterCopy - afterPut) / 1e9);
                get[i] = megabytes / ((afterGet - afterCopy) / 1e9);
                read[i] = megabytes / ((afterRead - afterGet) / 1e9);
            }
            Files.delete(file);
            Files.delete(target);
        }
        context.results()
                .add(
                        name(),
                        Metric.more("put-large", "MB/s", Stats.of(put).median())
                                .against(PEER, Stats.of(copy).median()));
        context.results()
                .add(
                        name(),
                        Metric.more("get-large", "MB/s", Stats.of(get).median())
                                .against("cat", Stats.of(read).median()));
    }

    private void small(BenchContext context, VolumeFiles files, Path work) throws IOException {
        int count = context.size(1_000, 100);
        byte[] bytes = new byte[SMALL_BYTES];
        Random random = new Random(3);
        double putSeconds = 0;
        double copySeconds = 0;
        for (int i = 0; i < count; i++) {
            random.nextBytes(bytes);
            long start = System.nanoTime();
            files.put("small/" + i, bytes);
            long afterPut = System.nanoTime();
            try (FileChannel out =
                    FileChannel.open(
                            work.resolve("small-" + i),
                            StandardOpenOption.CREATE_NEW,
                            StandardOpenOption.WRITE)) {
                out.write(java.nio.ByteBuffer.wrap(bytes));
                out.force(true);
            }
            putSeconds += (afterPut - start) / 1e9;
            copySeconds += (System.nanoTime() - afterPut) / 1e9;
        }
        long start = System.nanoTime();
        files.commit("bench");
        context.results()
                .add(
                        name(),
                        Metric.more("put-4k", "files/s", count / putSeconds)
                                .against("write + fsync", count / copySeconds));
        context.results()
                .add(
                        name(),
                        Metric.less("commit-" + count, "ms", (System.nanoTime() - start) / 1e6));
    }

    private static void write(Path file, int mebibytes, long seed) {
        byte[] block = new byte[BLOCK];
        Random random = new Random(seed);
        try (OutputStream out = Files.newOutputStream(file)) {
            for (int i = 0; i < mebibytes; i++) {
                random.nextBytes(block);
                out.write(block);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void copy(Path work, Path from, Path to) throws IOException {
        Shell.output(work, "cp", from.toString(), to.toString());
        try (FileChannel out = FileChannel.open(to, StandardOpenOption.WRITE)) {
            out.force(true);
        }
    }
}
