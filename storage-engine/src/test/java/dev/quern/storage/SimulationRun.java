package dev.quern.storage;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/// `./quern test sim [--seeds N] [--seed S]`: a [Simulation] for each of N seeds, 200 by default,
/// from a new one on; with `--seed` and without `--seeds`, for S alone. Prints each violation with
/// the line that runs it again and closes with `seeds=N violations=N`; exit status 1 if there was
/// one.
final class SimulationRun {
    private static final int SEEDS = 200;

    private SimulationRun() {}

    /// Takes `--seeds`, `--seed` and `--dir`.
    public static void main(String[] args) throws IOException, InterruptedException {
        ProofOptions options = ProofOptions.of(args);
        boolean one = options.has("seed") && !options.has("seeds");
        int seeds = one ? 1 : (int) options.number("seeds", SEEDS);
        System.exit(run(options.seed(), seeds, System.out) == 0 ? 0 : 1);
    }

    /// Runs the seeds on all cores.
    ///
    /// @return how many broke a promise
    static int run(long first, int seeds, PrintStream out)
            throws IOException, InterruptedException {
        Path work = Files.createTempDirectory("quern-sim");
        int violations = 0;
        int cores = Runtime.getRuntime().availableProcessors();
        try (ExecutorService pool = Executors.newFixedThreadPool(cores, Thread::new)) {
            List<Future<Long>> runs = new ArrayList<>();
            for (long seed = first; seed < first + seeds; seed++) {
                long own = seed;
                runs.add(pool.submit(() -> run(own, work.resolve(Long.toString(own)))));
            }
            for (int i = 0; i < seeds; i++) {
                try {
                    runs.get(i).get();
                } catch (ExecutionException e) {
                    violations++;
                    out.println("violation with seed " + (first + i) + ": " + e.getCause());
                    if (seeds == 1) {
                        e.printStackTrace(out);
                    }
                    out.println("rerun: ./quern test sim --seed " + (first + i));
                }
            }
        } finally {
            SimEngine.delete(work);
        }
        out.println("seeds=" + seeds + " violations=" + violations);
        return violations;
    }

    /// Runs one seed.
    ///
    /// @return the same for the same seed
    static long run(long seed, Path directory) {
        long history = new Simulation(seed, directory).run();
        SimEngine.delete(directory);
        return history;
    }
}
