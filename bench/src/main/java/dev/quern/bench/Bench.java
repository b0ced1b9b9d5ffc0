package dev.quern.bench;

import dev.quern.common.QuernException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

/// Runs benchmarks: `./quern bench [NAME...] [--quick] [--corpus DIR]`. Without a name, all of
/// them. Exits 0 when all ran, 1 when one could not, 2 for wrong arguments.
public final class Bench {
    private static final List<Benchmark> ALL =
            List.of(
                    new ChunksBench(),
                    new FactsBench(),
                    new StartBench(),
                    new VolumeBench(),
                    new FlightBench(),
                    new CallBench(),
                    new EmbedBench(),
                    new UpsertBench(),
                    new SearchBench(),
                    new AnnBench(),
                    new GrowthBench(),
                    new FilterBench(),
                    new RetrievalBench());

    private Bench() {}

    /// Starts the benchmarks.
    public static void main(String[] args) {
        PrintWriter out =
                new PrintWriter(
                        new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        System.exit(run(out, List.of(args)));
    }

    private static int run(PrintWriter out, List<String> arguments) {
        Path checkout = Path.of(System.getProperty("quern.checkout", "."));
        Path data = checkout.resolve("../shared/data");
        boolean quick = false;
        List<Benchmark> chosen = new ArrayList<>();
        for (int i = 0; i < arguments.size(); i++) {
            String argument = arguments.get(i);
            if (argument.equals("--quick")) {
                quick = true;
            } else if (argument.equals("--corpus") && i + 1 < arguments.size()) {
                data = Path.of(arguments.get(++i));
            } else {
                List<Benchmark> named =
                        ALL.stream().filter(bench -> bench.name().equals(argument)).toList();
                if (named.isEmpty()) {
                    out.println("quern bench [NAME...] [--quick] [--corpus DIR]");
                    out.println(
                            "names: "
                                    + String.join(" ", ALL.stream().map(Benchmark::name).toList()));
                    return 2;
                }
                chosen.addAll(named);
            }
        }
        Results results = new Results(out, checkout, InstantSource.system(), quick);
        BenchContext context =
                new BenchContext(checkout, data, quick, results, new Peers(checkout));
        int status = 0;
        for (Benchmark bench : chosen.isEmpty() ? ALL : chosen) {
            try {
                bench.run(context);
            } catch (IOException | QuernException e) {
                out.println(bench.name() + " could not run: " + e.getMessage());
                status = 1;
            }
        }
        return status;
    }

    /// A corpus outside the source tree.
    ///
    /// @throws QuernException `NOT_FOUND` saying how to name it
    static Path corpus(BenchContext context, String name) {
        Path folder = context.data().resolve(name);
        if (!Files.isDirectory(folder)) {
            throw QuernException.notFound(
                    "no corpus at "
                            + folder
                            + "; name the folder that holds \""
                            + name
                            + "\" by --corpus DIR");
        }
        return folder;
    }
}
