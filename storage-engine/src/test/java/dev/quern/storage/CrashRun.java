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
import java.util.concurrent.locks.LockSupport;
import org.rocksdb.RocksDB;
import org.rocksdb.util.Environment;

/// `./quern test crash [--kills N] [--seed S]`: kills a [CrashWriter] N times, 200 by default, with
/// SIGKILL at random moments, opening included. After each kill the data directory is opened and
/// compared with the [CrashJournal]; the next process goes on in it, with encryption from the
/// middle of a directory's life on. Closes with `kills=N acked=N lost=N corrupt=N`; exit status 1
/// if anything was lost or corrupt.
final class CrashRun {
    private static final int KILLS = 200;
    private static final int KILLS_A_DIRECTORY = 100;
    private static final int WHOLE_EVERY = 25;
    private static final int OPENING_MILLIS = 400;
    private static final int REST_MILLIS = 30;

    /// Acknowledgements before the kill, at most; in some lives eight times as many.
    private static final int LIFE = 80;

    private final Path work;
    private final Random random;
    private final PrintStream out;
    private long acknowledged;
    private int lost;
    private int corrupt;

    private CrashRun(Path work, long seed, PrintStream out) {
        this.work = work;
        this.random = new Random(seed);
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
        CrashRun run = new CrashRun(work, seed, out);
        run.unpackNative();
        for (int done = 0; done < kills; done += KILLS_A_DIRECTORY) {
            run.directory(done, Math.min(kills, done + KILLS_A_DIRECTORY));
        }
        boolean good = run.lost == 0 && run.corrupt == 0;
        if (good) {
            SimEngine.delete(work);
        } else {
            out.println("data is left in " + work);
            out.println("rerun: ./quern test crash --kills " + kills + " --seed " + seed);
        }
        out.println(
                "kills="
                        + kills
                        + " acked="
                        + run.acknowledged
                        + " lost="
                        + run.lost
                        + " corrupt="
                        + run.corrupt);
        return good;
    }

    /// Once, since each killed process would leave its own copy behind.
    private void unpackNative() throws IOException {
        Path folder = Files.createDirectory(work.resolve("native"));
        String name = Environment.getJniLibraryFileName("rocksdb");
        try (InputStream library = RocksDB.class.getClassLoader().getResourceAsStream(name)) {
            if (library != null) {
                Files.copy(library, folder.resolve(name));
            }
        }
    }

    private void directory(int from, int to) throws IOException, InterruptedException {
        Path data = work.resolve("data-" + from);
        CrashJournal journal = new CrashJournal();
        for (int kill = from; kill < to; kill++) {
            boolean encrypted = kill - from >= (to - from) / 2;
            live(data, kill, encrypted, journal);
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
        acknowledged += journal.acknowledged();
        lost += journal.lost().size();
        corrupt += journal.corrupt().size();
        if (journal.lost().isEmpty() && journal.corrupt().isEmpty()) {
            SimEngine.delete(data);
        }
    }

    /// One process, from its start to its end.
    private void live(Path data, int life, boolean encrypted, CrashJournal journal)
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
