package dev.quern.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// Searches of one thread under filters that pass 50 to .05 % of 100,000 real one-liners, spread
/// evenly or by topic, through a live collection, at recall@10 .95. The peer is Lucene's own graph
/// by its default path, in a process of its own; searches alternate with its, and the median of the
/// rounds counts.
final class FilterBench implements Benchmark {
    private static final String PEER = "lucene";
    private static final double RECALL = 0.95;

    @Override
    public String name() {
        return "filter";
    }

    @Override
    public void run(BenchContext context) throws IOException {
        AnnData data = AnnData.open(context, context.size(500, 200), context.size(100_000, 10_000));
        FilterData filters = FilterData.of(data);
        Path work = BenchServer.temporary(context.checkout());
        Path index = work.resolve(PEER);
        Map<FilterData.Case, List<Double>> ours = new EnumMap<>(FilterData.Case.class);
        Map<FilterData.Case, List<Double>> theirs = new EnumMap<>(FilterData.Case.class);
        try (AnnCollection collection = new AnnCollection(work)) {
            JsonNode built = LucenePeer.run(context, FilterPeer.class, "build", data, index);
            double seconds = collection.fill(data, filters::attributes);
            context.results()
                    .add(
                            name(),
                            Metric.less("build", "s", seconds)
                                    .against(PEER, built.path("seconds").asDouble()));
            for (int round = 0; round < context.size(3, 1); round++) {
                JsonNode peer = LucenePeer.run(context, FilterPeer.class, "search", data, index);
                for (FilterData.Case filter : FilterData.Case.values()) {
                    note(ours, filter, collection.search(filters, filter));
                    note(theirs, filter, Curve.ofPoints(peer.path(filter.label)));
                }
            }
            for (FilterData.Case filter : FilterData.Case.values()) {
                context.results()
                        .add(
                                name(),
                                Metric.more(
                                                "qps@" + filter.label,
                                                "queries/s",
                                                median(ours, filter))
                                        .against(PEER, median(theirs, filter)));
            }
        } finally {
            BenchServer.deleteTree(work);
        }
    }

    private static void note(
            Map<FilterData.Case, List<Double>> qps, FilterData.Case filter, Curve curve) {
        qps.computeIfAbsent(filter, _ -> new ArrayList<>()).add(curve.qps(RECALL));
    }

    private static double median(Map<FilterData.Case, List<Double>> qps, FilterData.Case filter) {
        return Stats.of(
                        qps.getOrDefault(filter, List.of()).stream()
                                .mapToDouble(Double::doubleValue)
                                .toArray())
                .median();
    }
}
