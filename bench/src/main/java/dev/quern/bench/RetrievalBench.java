package dev.quern.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.quern.client.QuernClient;
import dev.quern.common.wire.CreateCollection;
import dev.quern.common.wire.RowBody;
import dev.quern.common.wire.SearchHit;
import dev.quern.common.wire.SearchRows;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Quality of retrieval on Cranfield: 1,400 abstracts, 225 questions, binary judgements. One row an
/// abstract, its text the title and the abstract. nDCG@10 and recall@100 by leg, over the questions
/// that have a relevant document. The peers' values are the reference figures of the corpus' README
/// for the same data, model and parameters.
final class RetrievalBench implements Benchmark {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String NAME = "cranfield";
    private static final int DEPTH = 100;
    private static final int NDCG_DEPTH = 10;
    private static final int BATCH = 200;

    private record Leg(String mode, double ndcg, double recall) {}

    /// The reference figures.
    private static final List<Leg> REFERENCE =
            List.of(
                    new Leg("bm25", 0.374, 0.731),
                    new Leg("dense", 0.395, 0.776),
                    new Leg("hybrid", 0.426, 0.784));

    @Override
    public String name() {
        return "retrieval";
    }

    @Override
    public void run(BenchContext context) throws IOException {
        Path folder = Bench.corpus(context, "cranfield");
        Map<String, Set<String>> relevant = judgements(folder.resolve("qrels.tsv"));
        try (BenchServer server = BenchServer.start(context.checkout());
                QuernClient client = server.client()) {
            client.collections()
                    .create(new CreateCollection(NAME, null, null, "all-MiniLM-L6-v2", null));
            ingest(client, folder.resolve("corpus.jsonl"));
            for (Leg reference : REFERENCE) {
                Leg ours =
                        measure(
                                client,
                                folder.resolve("queries.jsonl"),
                                relevant,
                                reference.mode());
                context.results()
                        .add(
                                name(),
                                Metric.more("ndcg@10-" + ours.mode(), "share", ours.ndcg())
                                        .against("reference", reference.ndcg()));
                context.results()
                        .add(
                                name(),
                                Metric.more("recall@100-" + ours.mode(), "share", ours.recall())
                                        .against("reference", reference.recall()));
            }
        }
    }

    private static void ingest(QuernClient client, Path corpus) throws IOException {
        List<RowBody> rows = new ArrayList<>();
        for (String line : Files.readAllLines(corpus)) {
            JsonNode document = JSON.readTree(line);
            String text =
                    (document.path("title").asText() + " " + document.path("text").asText())
                            .strip();
            if (!text.isEmpty()) {
                rows.add(new RowBody(document.path("_id").asText(), text, null, Map.of()));
            }
        }
        for (int from = 0; from < rows.size(); from += BATCH) {
            client.collections()
                    .upsert(NAME, rows.subList(from, Math.min(rows.size(), from + BATCH)));
        }
    }

    private static Map<String, Set<String>> judgements(Path file) throws IOException {
        Map<String, Set<String>> relevant = new HashMap<>();
        for (String line : Files.readAllLines(file)) {
            String[] columns = line.split("\t", -1);
            if (columns.length == 3 && !columns[2].equals("score") && !columns[2].equals("0")) {
                relevant.computeIfAbsent(columns[0], query -> new HashSet<>()).add(columns[1]);
            }
        }
        return relevant;
    }

    private static Leg measure(
            QuernClient client, Path queries, Map<String, Set<String>> relevant, String mode)
            throws IOException {
        double ndcg = 0;
        double recall = 0;
        int count = 0;
        for (String line : Files.readAllLines(queries)) {
            JsonNode query = JSON.readTree(line);
            Set<String> wanted = relevant.get(query.path("_id").asText());
            if (wanted == null) {
                continue;
            }
            SearchRows request =
                    new SearchRows(
                            mode, query.path("text").asText(), null, DEPTH, null, null, true);
            List<String> hits =
                    client.collections().search(NAME, request).hits().stream()
                            .map(SearchHit::id)
                            .toList();
            ndcg += ndcg(hits, wanted);
            recall += hits.stream().filter(wanted::contains).count() / (double) wanted.size();
            count++;
        }
        return new Leg(mode, ndcg / count, recall / count);
    }

    /// Normalised discounted cumulative gain of the first ten hits with binary gains.
    private static double ndcg(List<String> hits, Set<String> wanted) {
        double gain = 0;
        double ideal = 0;
        for (int rank = 0; rank < NDCG_DEPTH; rank++) {
            double discount = Math.log(2) / Math.log(rank + 2.0);
            if (rank < hits.size() && wanted.contains(hits.get(rank))) {
                gain += discount;
            }
            if (rank < wanted.size()) {
                ideal += discount;
            }
        }
        return gain / ideal;
    }
}
