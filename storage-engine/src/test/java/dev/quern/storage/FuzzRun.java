package dev.quern.storage;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// `./quern test fuzz [--seconds N] [--seed S]`: lets Jazzer look for inputs that break the rules
/// of a [FuzzTarget], for 20 seconds by default, from the seeds on: in one process the targets of
/// the storage engine, in another those of all modules above. What it finds is left in
/// `target/fuzz`; a fixed finding moves to `src/test/resources/fuzz/MODULE`, where [FuzzContract]
/// runs it. Closes with `seconds=N targets=N runs=N findings=N`; exit status 1 if there was one.
final class FuzzRun {
    private static final String ENGINE = new FuzzTargets().module();
    private static final int SECONDS = 20;
    private static final int MAX_INPUT_BYTES = 4096;
    private static final Pattern RUNS = Pattern.compile("^#(\\d+)\\s.*");

    private final Path found;
    private final List<FuzzTarget> targets;
    private final String modules;
    private final List<String> said = new ArrayList<>();
    private int status;
    private long runs;

    private FuzzRun(Path found, List<String> modules) {
        this.found = found;
        this.targets = Fuzzer.targets(modules);
        this.modules = String.join(",", modules);
    }

    /// Takes `--seconds` and `--seed`.
    public static void main(String[] args) throws IOException, InterruptedException {
        ProofOptions options = ProofOptions.of(args);
        long seconds = options.number("seconds", SECONDS);
        System.exit(run(seconds, options.seed(), System.out) ? 0 : 1);
    }

    private static boolean run(long seconds, long seed, PrintStream out)
            throws IOException, InterruptedException {
        Path found = Files.createDirectories(Path.of("target", "fuzz").toAbsolutePath());
        List<String> above =
                FuzzSuite.all().stream()
                        .map(FuzzSuite::module)
                        .filter(module -> !module.equals(ENGINE))
                        .toList();
        List<FuzzRun> parts =
                List.of(new FuzzRun(found, List.of(ENGINE)), new FuzzRun(found, above));
        List<Thread> threads = new ArrayList<>();
        for (FuzzRun part : parts) {
            threads.add(Thread.ofPlatform().name("fuzz").start(() -> part.fuzz(seconds, seed)));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        int count = 0;
        long runs = 0;
        long findings = 0;
        for (FuzzRun part : parts) {
            long own = part.report(out);
            if (own > 0) {
                out.println("rerun: ./quern test fuzz --seconds " + seconds + " --seed " + seed);
            }
            count += part.targets.size();
            runs += part.runs;
            findings += own;
        }
        out.println(
                "seconds="
                        + seconds
                        + " targets="
                        + count
                        + " runs="
                        + runs
                        + " findings="
                        + findings);
        return findings == 0;
    }

    /// Runs Jazzer to its end.
    private void fuzz(long seconds, long seed) {
        try {
            Path corpus = Files.createTempDirectory("quern-fuzz");
            Path artifacts = Files.createTempDirectory("quern-found");
            writeSeeds(corpus);
            Process process =
                    new ProcessBuilder(command(corpus, artifacts, seconds, seed))
                            .redirectErrorStream(true)
                            .start();
            try (BufferedReader lines =
                    new BufferedReader(
                            new InputStreamReader(
                                    process.getInputStream(), StandardCharsets.UTF_8))) {
                lines.lines().forEach(this::hear);
            }
            status = process.waitFor();
            keep(artifacts);
            SimEngine.delete(corpus);
            SimEngine.delete(artifacts);
        } catch (IOException e) {
            status = -1;
            said.add(e.toString());
        } catch (InterruptedException e) {
            status = -1;
            Thread.currentThread().interrupt();
        }
    }

    private List<String> command(Path corpus, Path artifacts, long seconds, long seed) {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+EnableDynamicAgentLoading",
                "-Dslf4j.internal.verbosity=ERROR",
                "-D" + Fuzzer.MODULES + "=" + modules,
                "-Xmx768m",
                "-cp",
                System.getProperty("java.class.path"),
                "com.code_intelligence.jazzer.Jazzer",
                "--target_class=" + Fuzzer.class.getName(),
                "--instrumentation_includes=dev.quern.**",
                "--reproducer_path=" + corpus,
                "-artifact_prefix=" + artifacts + "/",
                "-max_total_time=" + seconds,
                "-seed=" + (seed % Integer.MAX_VALUE),
                "-timeout=10",
                "-rss_limit_mb=0",
                "-max_len=" + MAX_INPUT_BYTES,
                corpus.toString());
    }

    private void hear(String line) {
        Matcher counted = RUNS.matcher(line);
        if (counted.matches()) {
            runs = Long.parseLong(counted.group(1));
        } else {
            said.add(line);
        }
    }

    private void writeSeeds(Path corpus) throws IOException {
        for (int i = 0; i < targets.size(); i++) {
            int number = 0;
            for (byte[] seed : targets.get(i).seeds()) {
                String name = targets.get(i).name() + "-" + number++;
                Files.write(corpus.resolve(name), Fuzzer.input(i, seed));
            }
        }
    }

    /// Keeps what broke a rule, by its target's name and without the choice of the target.
    private void keep(Path artifacts) throws IOException {
        try (Stream<Path> files = Files.list(artifacts)) {
            for (Path file : files.toList()) {
                byte[] input = Files.readAllBytes(file);
                String target = input.length == 0 ? "none" : Fuzzer.target(targets, input).name();
                Path kept = found.resolve(target + "@" + file.getFileName());
                Files.write(kept, input.length == 0 ? input : Fuzzer.own(input));
                said.add("the input is in " + kept);
            }
        }
    }

    /// Returns how many findings there are.
    private long report(PrintStream out) {
        long findings = said.stream().filter(line -> line.startsWith("the input is in")).count();
        if (status == 0 && findings == 0) {
            return 0;
        }
        said.forEach(out::println);
        out.println("Jazzer ended with " + status + " on " + modules);
        return Math.max(1, findings);
    }
}
