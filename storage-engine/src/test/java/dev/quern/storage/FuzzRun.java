package dev.quern.storage;

import dev.quern.storage.FuzzTargets.Target;
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
/// of [FuzzTargets], for 20 seconds by default, from the [FuzzSeeds] on. What it finds is left in
/// `target/fuzz`; a fixed finding moves to `src/test/resources/fuzz`, where [FuzzTest] runs it.
/// Closes with `seconds=N runs=N findings=N`; exit status 1 if there was one.
final class FuzzRun {
    private static final int SECONDS = 20;
    private static final int MAX_INPUT_BYTES = 4096;
    private static final Pattern RUNS = Pattern.compile("^#(\\d+)\\s.*");

    private FuzzRun() {}

    /// Takes `--seconds` and `--seed`.
    public static void main(String[] args) throws IOException, InterruptedException {
        ProofOptions options = ProofOptions.of(args);
        long seconds = options.number("seconds", SECONDS);
        System.exit(run(seconds, options.seed(), System.out) ? 0 : 1);
    }

    private static boolean run(long seconds, long seed, PrintStream out)
            throws IOException, InterruptedException {
        Path found = Files.createDirectories(Path.of("target", "fuzz").toAbsolutePath());
        Path corpus = Files.createTempDirectory("quern-fuzz");
        writeSeeds(corpus);
        long before = count(found);
        List<String> command =
                List.of(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:+EnableDynamicAgentLoading",
                        "-Dslf4j.internal.verbosity=ERROR",
                        "-Xmx768m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "com.code_intelligence.jazzer.Jazzer",
                        "--target_class=" + FuzzTargets.class.getName(),
                        "--instrumentation_includes=dev.quern.**",
                        "--reproducer_path=" + corpus,
                        "-artifact_prefix=" + found + "/",
                        "-max_total_time=" + seconds,
                        "-seed=" + (seed % Integer.MAX_VALUE),
                        "-timeout=10",
                        "-rss_limit_mb=0",
                        "-max_len=" + MAX_INPUT_BYTES,
                        corpus.toString());
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        List<String> said = new ArrayList<>();
        long runs = 0;
        try (BufferedReader lines =
                new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            String line = lines.readLine();
            while (line != null) {
                Matcher counted = RUNS.matcher(line);
                if (counted.matches()) {
                    runs = Long.parseLong(counted.group(1));
                } else {
                    said.add(line);
                }
                line = lines.readLine();
            }
        }
        int status = process.waitFor();
        long findings = count(found) - before;
        boolean good = status == 0 && findings == 0;
        if (!good) {
            said.forEach(out::println);
            out.println("Jazzer ended with " + status + "; inputs are in " + found);
            out.println("rerun: ./quern test fuzz --seconds " + seconds + " --seed " + seed);
        }
        SimEngine.delete(corpus);
        long shown = good ? 0 : Math.max(1, findings);
        out.println("seconds=" + seconds + " runs=" + runs + " findings=" + shown);
        return good;
    }

    private static void writeSeeds(Path corpus) throws IOException {
        List<Target> targets = FuzzTargets.targets();
        for (int i = 0; i < targets.size(); i++) {
            int number = 0;
            for (byte[] seed : FuzzSeeds.all().getOrDefault(targets.get(i).name(), List.of())) {
                byte[] input = new byte[seed.length + 1];
                input[0] = (byte) i;
                System.arraycopy(seed, 0, input, 1, seed.length);
                Files.write(corpus.resolve(targets.get(i).name() + "-" + number++), input);
            }
        }
    }

    private static long count(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.count();
        }
    }
}
