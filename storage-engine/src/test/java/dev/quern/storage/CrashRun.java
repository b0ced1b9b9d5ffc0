package dev.quern.storage;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ByteSize;
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
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.rocksdb.RocksDB;
import org.rocksdb.util.Environment;

/// `./quern test crash [--kills N] [--seed S]`: kills a [CrashWriter] N times, 200 by default, with
/// SIGKILL at random moments, opening included. After each kill the data directory is opened and
/// compared with the [CrashJournal]; the next process goes on in it, with encryption from the
/// middle of a directory's life on. Directories live side by side, as many as there are cores.
/// Closes with `kills=N acked=N lost=N corrupt=N`; exit status 1 if anything was lost or corrupt.
/// What is built on the engine runs a load of its own in the same way.
public final class CrashRun {
    private static final int KILLS = 200;
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
    private final Load load;
    private final Journal journal;

    /// A load to be killed.
    ///
    /// @param process a class with a `main`, which gets the data directory, the number of its life,
    ///   the number of operations and whether to encrypt; it says `R` when it runs, and a line that
    ///   begins with `A` for each operation that is acknowledged
    /// @param journals makes the memory of one directory
    /// @param killsADirectory after which the next directory begins
    public record Load(Class<?> process, Supplier<Journal> journals, int killsADirectory) {}

    /// What the parent of the killed processes of one directory knows.
    public interface Journal {
        /// Takes one line of a process.
        void add(String line);

        /// Opens the directory when the process has gone, and compares. What had only begun is
        /// settled by that.
        ///
        /// @param encrypted whether the process encrypted
        /// @param whole whether to look at everything, however long it takes
        void verify(Path data, boolean encrypted, boolean whole, Random random) throws IOException;

        /// How many operations were.
        long acknowledged();

        /// What was acknowledged and is gone, a line each.
        List<String> lost();

        /// What is there and is not what was written, a line each.
        List<String> corrupt();
    }

    private static final Load ENGINE = new Load(CrashWriter.class, CrashJournal::new, 100);

    /// One directory's life.
    ///
    /// @param from number of its first kill, counted from 0
    /// @param to number of the first kill after it
    private CrashRun(Path work, int from, int to, long seed, PrintStream out, Load load) {
        this.work = work;
        this.from = from;
        this.to = to;
        this.random = new Random(seed + from);
        this.out = out;
        this.load = load;
        this.journal = load.journals().get();
    }

    /// Takes `--kills` and `--seed`.
    public static void main(String[] args) throws IOException, InterruptedException {
        ProofOptions options = ProofOptions.of(args);
        int kills = (int) options.number("kills", KILLS);
        System.exit(run(ENGINE, kills, options.seed(), System.out) ? 0 : 1);
    }

    /// A store with small packs, so that many are sealed.
    ///
    /// @param encrypted whether new chunks are encrypted
    @MustBeClosed
    public static StorageEngine open(Path directory, boolean encrypted) {
        StorageConfig config =
                new StorageConfig(
                        directory,
                        ByteSize.ofMebibytes(1),
                        ByteSize.ofMebibytes(1),
                        ByteSize.ofMebibytes(4),
                        new ByteSize(0));
        OperatorKey key = OperatorKey.of(new byte[32]);
        return StorageEngine.open(
                encrypted ? config.withOperatorKey(key, Optional.empty()) : config);
    }

    /// Kills the storage engine's own load.
    static boolean run(int kills, long seed, PrintStream out)
            throws IOException, InterruptedException {
        return run(ENGINE, kills, seed, out);
    }

    /// Returns whether everything was there.
    public static boolean run(Load load, int kills, long seed, PrintStream out)
            throws IOException, InterruptedException {
        RocksDB.loadLibrary();
        Path work = Files.createTempDirectory("quern-crash");
        unpackNative(work);
        List<CrashRun> runs = new ArrayList<>();
        for (int from = 0; from < kills; from += load.killsADirectory()) {
            int to = Math.min(kills, from + load.killsADirectory());
            runs.add(new CrashRun(work, from, to, seed, out, load));
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
                out.println("failures told: " + runs.get(i).journal.corrupt());
            }
            Journal journal = runs.get(i).journal;
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
            journal.verify(data, encrypted, whole, random);
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
                        load.process().getName()));
        command.addAll(
                List.of(
                        data.toString(),
                        Integer.toString(life),
                        Integer.toString(Integer.MAX_VALUE),
                        Boolean.toString(encrypted)));
        return command;
    }
}
