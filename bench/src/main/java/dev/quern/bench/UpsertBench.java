package dev.quern.bench;

import com.fasterxml.jackson.databind.JsonNode;
import dev.quern.client.QuernClient;
import dev.quern.client.flight.QuernFlight;
import dev.quern.client.flight.VectorRow;
import dev.quern.common.wire.CreateCollection;
import dev.quern.common.wire.RowBody;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// Durable upserts of synthetic rows of 384 dimensions: 1, 100 and 1,000 rows a request through
/// HTTP after as many that do not count, and in bulk through Flight. Peers write as many into a
/// database inside their own process, each batch with a commit (LanceDB, which calls no fsync) or a
/// flush (Qdrant Edge).
final class UpsertBench implements Benchmark {
    private static final List<String> PEERS = List.of("lancedb", "qdrant-edge-py");

    @Override
    public String name() {
        return "upsert";
    }

    @Override
    public void run(BenchContext context) {
        Path work = BenchServer.temporary(context.checkout());
        try (BenchServer server = BenchServer.start(context.checkout());
                QuernClient client = server.client()) {
            batches(context, client, work, 1, context.size(2_000, 50));
            parallel(context, client, context.size(2_000, 100), 16);
            batches(context, client, work, 100, context.size(200, 10));
            batches(context, client, work, 1_000, context.size(40, 2));
            client.collections()
                    .create(new CreateCollection("flight", Rows.DIMS, null, null, null));
            int count = context.size(50_000, 5_000);
            List<VectorRow> rows = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                rows.add(Rows.forFlight(i));
            }
            try (QuernFlight flight = server.flight()) {
                long start = System.nanoTime();
                flight.putRows("flight", Rows.DIMS, rows.iterator());
                double seconds = (System.nanoTime() - start) / 1e9;
                context.results()
                        .add(name(), Metric.more("rows-flight", "rows/s", count / seconds));
            }
        } finally {
            BenchServer.deleteTree(work);
        }
    }

    private void batches(
            BenchContext context, QuernClient client, Path work, int rows, int batches) {
        Figures ours = write(client, rows, batches, 1);
        boolean alone = true;
        for (String peer : PEERS) {
            if (!context.peers().install(peer)) {
                context.results().note("peer " + peer + " cannot be installed here: left out");
                continue;
            }
            JsonNode theirs =
                    context.peers()
                            .run(
                                    "upsert_peers",
                                    peer,
                                    work.resolve(peer + rows).toString(),
                                    Integer.toString(Rows.DIMS),
                                    Integer.toString(rows),
                                    Integer.toString(batches));
            Metric[] metrics = ours.metrics("rows-" + rows);
            String[] keys = {"rows_per_s", "p50_ms", "p99_ms"};
            for (int i = 0; i < keys.length; i++) {
                double value = theirs.path(keys[i]).asDouble();
                context.results().add(name(), metrics[i].against(peer, value));
            }
            alone = false;
        }
        if (alone) {
            add(context, ours.metrics("rows-" + rows));
        }
    }

    private void parallel(BenchContext context, QuernClient client, int batches, int clients) {
        add(context, write(client, 1, batches, clients).metrics("rows-1-x" + clients));
    }

    private void add(BenchContext context, Metric... metrics) {
        for (Metric metric : metrics) {
            context.results().add(name(), metric);
        }
    }

    /// What batches of one size reached.
    private record Figures(double rowsPerSecond, Stats seconds) {
        Metric[] metrics(String label) {
            return new Metric[] {
                Metric.more(label, "rows/s", rowsPerSecond),
                Metric.less(label + "-p50", "ms", seconds.median() * 1e3),
                Metric.less(label + "-p99", "ms", seconds.quantile(0.99) * 1e3)
            };
        }
    }

    private static Figures write(QuernClient client, int rows, int batches, int clients) {
        String collection = "b" + rows + "-" + clients;
        client.collections().create(new CreateCollection(collection, Rows.DIMS, null, null, null));
        int warmUp =
                batches; // a server runs for long, and its compiler takes thousands of requests
        List<List<RowBody>> work =
                IntStream.range(0, warmUp + batches)
                        .mapToObj(i -> Rows.synthetic(i * rows, rows))
                        .toList();
        Load.run(clients, warmUp, i -> client.collections().upsert(collection, work.get(i)));
        long start = System.nanoTime();
        double[] seconds =
                Load.run(
                        clients,
                        batches,
                        i -> client.collections().upsert(collection, work.get(warmUp + i)));
        double total = (System.nanoTime() - start) / 1e9;
        return new Figures(rows * (double) batches / total, Stats.of(seconds));
    }
}
