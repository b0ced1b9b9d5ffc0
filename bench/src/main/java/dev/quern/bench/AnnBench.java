package dev.quern.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// The nearest of 100,000 real one-liners by their vectors: searches of one thread through a live
/// collection after ordinary writes and merges, at recall@10 .95 and .98, and the seconds from the
/// first write to one graph over all, with two threads. Peers are libraries on the same vectors,
/// each in its own process; searches alternate with theirs, and the median of the rounds counts.
final class AnnBench implements Benchmark {
    private static final List<String> LIBRARIES =
            List.of("hnswlib", "rabitqlib", "faiss-cpu", "usearch");
    private static final String LUCENE = "lucene";
    private static final double[] RECALLS = {0.95, 0.98};

    @Override
    public String name() {
        return "ann";
    }

    @Override
    public void run(BenchContext context) throws IOException {
        AnnData data =
                AnnData.open(context, context.size(1_000, 500), context.size(100_000, 10_000));
        Path work = BenchServer.temporary(context.checkout());
        try (AnnCollection ours = new AnnCollection(work)) {
            List<Contender> peers = contenders(context, data, work);
            double build = ours.fill(data, _ -> Map.of());
            for (Contender peer : peers) {
                double theirs = peer.build();
                context.results()
                        .add(name(), Metric.less("build", "s", build).against(peer.name, theirs));
            }
            Map<String, List<Double>> qps = new TreeMap<>();
            int rounds = context.size(3, 1);
            for (int round = 0; round < rounds; round++) {
                note(qps, "", ours.search(data));
                for (Contender peer : peers) {
                    note(qps, peer.name, peer.search());
                }
            }
            for (double recall : RECALLS) {
                peers.forEach(peer -> report(context, qps, recall, peer.name));
            }
        } finally {
            BenchServer.deleteTree(work);
        }
    }

    private static void note(Map<String, List<Double>> qps, String who, Curve curve) {
        for (double recall : RECALLS) {
            qps.computeIfAbsent(who + recall, _ -> new ArrayList<>()).add(curve.qps(recall));
        }
    }

    private void report(
            BenchContext context, Map<String, List<Double>> qps, double recall, String peer) {
        String label = "qps@" + Double.toString(recall).substring(1);
        Metric ours = Metric.more(label, "queries/s", median(qps, "" + recall));
        double theirs = median(qps, peer + recall);
        // A peer that finds so much at no width has no figure.
        if (theirs > 0) {
            context.results().add(name(), ours.against(peer, theirs));
        }
    }

    private static double median(Map<String, List<Double>> qps, String key) {
        return Stats.of(
                        qps.getOrDefault(key, List.of()).stream()
                                .mapToDouble(Double::doubleValue)
                                .toArray())
                .median();
    }

    private static List<Contender> contenders(BenchContext context, AnnData data, Path work) {
        List<Contender> peers = new ArrayList<>();
        for (String library : LIBRARIES) {
            if (context.peers().install(library)) {
                peers.add(new Contender(context, library, data, work.resolve(library + ".index")));
            }
        }
        peers.add(new Contender(context, LUCENE, data, work.resolve("lucene")));
        return peers;
    }

    /// A peer with its index.
    private record Contender(BenchContext context, String name, AnnData data, Path index) {
        double build() {
            return run("build").path("seconds").asDouble();
        }

        Curve search() {
            return Curve.of(run("search"));
        }

        private JsonNode run(String command) {
            return name.equals(LUCENE) ? java(command) : python(command);
        }

        private JsonNode python(String command) {
            return context.peers()
                    .run(
                            "ann",
                            command,
                            name,
                            data.file().toString(),
                            Integer.toString(AnnData.DIMS),
                            Integer.toString(data.queries().length),
                            index.toString(),
                            data.truth().toString());
        }

        private JsonNode java(String command) {
            return LucenePeer.run(context, LucenePeer.class, command, data, index);
        }
    }
}
