package dev.quern.storage;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import org.rocksdb.RocksDB;
import org.rocksdb.util.Environment;

/// `./quern test crash [--kills N] [--seed S]`: kills a [CrashWriter] N times, 200 by default, with
/// SIGKILL at random moments, opening included. After each kill the data directory is opened and
/// compared with the [CrashJournal]; the next process goes on in it, with encryption from the
/// middle of a directory's life on. Directories live side by side, as many as there are cores.
/// Closes with `kills=N acked=N lost=N corrupt=N`; exit status 1 if anything was lost or corrupt.
final class CrashRun {
    private static final int KILLS = 200;
    private static final int KILLS_A_DIRECTORY = 100;
    private static final int WHOLE_EVERY = 25;
    private static final int OPENING_MILLIS = 400;
    private static final int REST_MILLIS = 30;

    /// Acknowledgements before the kill, at most; in some lives eight times as many.
    private static final int LIFE = 80;

    private final Path work;
    private final int from;
    private final int to;
    private final Random random;
    private final PrintStream out;
    private final CrashJournal journal = new CrashJournal();

    /// One directory's life.
    ///
    /// @param from number of its first kill, counted from 0
    /// @param to number of the first kill after it
    private CrashRun(Path work, int from, int to, long seed, PrintStream out) {
        this.work = work;
        this.from = from;
        this.to = to;
        this.random = new Random(seed + from);
        this.out = out;
    }

    /// Takes `--kills` and `--seed`.
    public static void main(String[] args) throws IOException, InterruptedException {
        ProofOptions options = ProofOptions.of(args);
        int kills = (int) options.number("kills", KILLS);
        System.exit(run(kills, options.seed(), System.out) ? 0 : 1);
    }

    /// Returns whether everything was there.
    static boolean run(int kills, long seed, PrintStream out)
            throws IOException, InterruptedException {
        RocksDB.loadLibrary();
        Path work = Files.createTempDirectory("quern-crash");
        unpackNative(work);
        List<CrashRun> runs = new ArrayList<>();
        for (int from = 0; from < kills; from += KILLS_A_DIRECTORY) {
            runs.add(
                    new CrashRun(work, from, Math.min(kills, from + KILLS_A_DIRECTORY), seed, out));
        }
        int cores = Runtime.getRuntime().availableProcessors();
        List<Future<?>> ends = new ArrayList<>();
        try (ExecutorService pool = Executors.newFixedThreadPool(cores, Thread::new)) {
            for (CrashRun run : runs) {
                ends.add(pool.submit(run::directory));
            }
        }
        boolean good = sum(runs, ends, kills, out);
        if (good) {
            SimEngine.delete(work);
        } else {
            out.println("data is left in " + work);
            out.println("rerun: ./quern test crash --kills " + kills + " --seed " + seed);
        }
        return good;
    }

    private static boolean sum(
            List<CrashRun> runs, List<Future<?>> ends, int kills, PrintStream out)
            throws InterruptedException {
        int failed = 0;
        int lost = 0;
        int corrupt = 0;
        long acknowledged = 0;
        for (int i = 0; i < runs.size(); i++) {
            try {
                ends.get(i).get();
            } catch (ExecutionException e) {
                failed++;
                out.println("kills from " + runs.get(i).from + " on: " + e.getCause());
            }
            CrashJournal journal = runs.get(i).journal;
            acknowledged += journal.acknowledged();
            lost += journal.lost().size();
            corrupt += journal.corrupt().size();
        }
        String found = " acked=" + acknowledged + " lost=" + lost + " corrupt=" + corrupt;
        out.println("kills=" + kills + found);
        return failed + lost + corrupt == 0;
    }

    /// Once, since each killed process would leave its own copy behind.
    private static void unpackNative(Path work) throws IOException {
        Path folder = Files.createDirectory(work.resolve("native"));
        String name = Environment.getJniLibraryFileName("rocksdb");
        try (InputStream library = RocksDB.class.getClassLoader().getResourceAsStream(name)) {
            if (library != null) {
                Files.copy(library, folder.resolve(name));
            }
        }
    }

    /// All lives of the directory; returns where it is.
    private Path directory() throws IOException, InterruptedException {
        Path data = work.resolve("data-" + from);
        for (int kill = from; kill < to; kill++) {
            boolean encrypted = kill - from >= (to - from) / 2;
            live(data, kill, encrypted);
            int before = journal.lost().size() + journal.corrupt().size();
            boolean whole = kill % WHOLE_EVERY == WHOLE_EVERY - 1 || kill == to - 1;
            try (StorageEngine engine = CrashLoad.open(data, encrypted)) {
                journal.verify(engine, whole, random);
            }
            if (journal.lost().size() + journal.corrupt().size() > before) {
                out.println("after kill " + (kill + 1) + ": lost " + journal.lost());
                out.println("after kill " + (kill + 1) + ": corrupt " + journal.corrupt());
            }
        }
        if (journal.lost().isEmpty() && journal.corrupt().isEmpty()) {
            SimEngine.delete(data);
        }
        return data;
    }

    /// One process, from its start to its end.
    private void live(Path data, int life, boolean encrypted)
            throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder(command(data, life, encrypted))
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        Thread killer = null;
        boolean opening = random.nextInt(5) == 0;
        int answers = opening ? 0 : random.nextInt(random.nextInt(8) == 0 ? 8 * LIFE : LIFE);
        Duration rest = Duration.ofMillis(random.nextInt(opening ? OPENING_MILLIS : REST_MILLIS));
        try (BufferedReader lines =
                new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            String line = lines.readLine();
            while (line != null) {
                if (line.startsWith(opening ? "R" : "A") && answers-- == 0) {
                    killer = kill(process, rest);
                }
                journal.add(line);
                line = lines.readLine();
            }
        } finally {
            process.destroyForcibly().waitFor();
        }
        if (killer == null) {
            throw new IllegalStateException("process ended with " + process.exitValue());
        }
        killer.join();
    }

    private static Thread kill(Process process, Duration rest) {
        return Thread.ofPlatform()
                .name("killer")
                .start(() -> {
                    long end = System.nanoTime() + rest.toNanos();
                    while (System.nanoTime() < end) {
                        LockSupport.parkNanos(end - System.nanoTime());
                    }
                    process.toHandle().destroyForcibly(); // leaves the pipe readable
                });
    }

    private List<String> command(Path data, int life, boolean encrypted) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin/java").toString());
        command.addAll(
                List.of(
                        "--enable-native-access=ALL-UNNAMED",
                        "-Xmx192m",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Dslf4j.internal.verbosity=ERROR",
                        "-Djava.library.path=" + work.resolve("native"),
                        "-cp",
                        System.getProperty("java.class.path"),
                        CrashWriter.class.getName()));
        command.addAll(
                List.of(
                        data.toString(),
                        Integer.toString(life),
                        Integer.toString(Integer.MAX_VALUE),
                        Boolean.toString(encrypted)));
        return command;
    }
}
