package dev.quern.bench;

import dev.quern.client.QuernClient;
import dev.quern.common.wire.CreateCollection;
import dev.quern.common.wire.RowBody;
import dev.quern.common.wire.SearchHit;
import dev.quern.common.wire.SearchRows;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntFunction;

/// First [SearchHttp]. Then searches over real one-liners, embedded by the server, through HTTP
/// from 8 clients of the Java SDK: dense by vector, dense by text (with the embedding of the
/// query), BM25, and hybrid. Recall of the dense leg is against exact search of the same
/// collection.
final class SearchBench implements Benchmark {
    private static final String NAME = "one-liners";
    private static final int QUERIES = 1_000;
    private static final int CLIENTS = 8;
    private static final int LIMIT = 10;
    private static final int BATCH = 500;

    @Override
    public String name() {
        return "search";
    }

    @Override
    public void run(BenchContext context) throws IOException {
        SearchHttp.run(context, name());
        byLeg(context);
    }

    private void byLeg(BenchContext context) throws IOException {
        int count = context.size(20_000, 2_000);
        List<String> queries = OneLiners.texts(context, 0, context.size(QUERIES, 100));
        List<String> base = OneLiners.texts(context, QUERIES, count);
        try (BenchServer server = BenchServer.start(context.checkout());
                QuernClient client = server.client()) {
            client.collections()
                    .create(new CreateCollection(NAME, null, null, "all-MiniLM-L6-v2", null));
            long start = System.nanoTime();
            Load.run(2, (count + BATCH - 1) / BATCH, i -> upsert(client, base, i * BATCH));
            context.results()
                    .add(
                            name(),
                            Metric.more(
                                    "ingest-text",
                                    "rows/s",
                                    count / ((System.nanoTime() - start) / 1e9)));
            List<List<Float>> vectors = vectors(client, queries);
            recall(context, client, vectors);
            measure(
                    context,
                    client,
                    "dense-vector",
                    queries.size(),
                    i -> byVector(vectors.get(i), false));
            measure(
                    context,
                    client,
                    "dense-text",
                    queries.size(),
                    i -> byText("dense", queries.get(i)));
            measure(context, client, "bm25", queries.size(), i -> byText("bm25", queries.get(i)));
            measure(
                    context,
                    client,
                    "hybrid",
                    queries.size(),
                    i -> byText("hybrid", queries.get(i)));
        }
    }

    private static void upsert(QuernClient client, List<String> texts, int from) {
        List<RowBody> rows = new ArrayList<>();
        for (int i = from; i < Math.min(texts.size(), from + BATCH); i++) {
            rows.add(new RowBody("p" + i, texts.get(i), null, Map.of()));
        }
        client.collections().upsert(NAME, rows);
    }

    private static List<List<Float>> vectors(QuernClient client, List<String> queries) {
        List<List<Float>> vectors = new ArrayList<>();
        for (float[] vector : client.models().embed("all-MiniLM-L6-v2", queries)) {
            List<Float> boxed = new ArrayList<>(vector.length);
            for (float value : vector) {
                boxed.add(value);
            }
            vectors.add(boxed);
        }
        return vectors;
    }

    private static SearchRows byVector(List<Float> vector, boolean exact) {
        return new SearchRows("dense", null, vector, LIMIT, null, false, exact);
    }

    private static SearchRows byText(String mode, String text) {
        return new SearchRows(mode, text, null, LIMIT, null, false, null);
    }

    private void recall(BenchContext context, QuernClient client, List<List<Float>> vectors) {
        int found = 0;
        int wanted = 0;
        for (List<Float> vector : vectors.subList(0, Math.min(200, vectors.size()))) {
            Set<String> exact = ids(client, byVector(vector, true));
            Set<String> graph = ids(client, byVector(vector, false));
            wanted += exact.size();
            graph.retainAll(exact);
            found += graph.size();
        }
        context.results()
                .add(name(), Metric.more("recall-at-10", "share", found / (double) wanted));
    }

    private static Set<String> ids(QuernClient client, SearchRows request) {
        Set<String> ids = new HashSet<>();
        for (SearchHit hit : client.collections().search(NAME, request).hits()) {
            ids.add(hit.id());
        }
        return ids;
    }

    private void measure(
            BenchContext context,
            QuernClient client,
            String leg,
            int queries,
            IntFunction<SearchRows> request) {
        int rounds = context.size(3, 1);
        Load.run(CLIENTS, queries, i -> client.collections().search(NAME, request.apply(i)));
        long start = System.nanoTime();
        double[] seconds =
                Load.run(
                        CLIENTS,
                        rounds * queries,
                        i -> client.collections().search(NAME, request.apply(i % queries)));
        double total = (System.nanoTime() - start) / 1e9;
        context.results()
                .add(name(), Metric.more(leg + "-qps", "queries/s", seconds.length / total));
        context.results()
                .add(
                        name(),
                        Metric.less(leg + "-p99", "ms", Stats.of(seconds).quantile(0.99) * 1e3));
    }
}
