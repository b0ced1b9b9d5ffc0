package dev.quern.bench;

import dev.quern.client.QuernClient;
import dev.quern.client.flight.QuernFlight;
import dev.quern.client.flight.VectorRow;
import dev.quern.common.wire.CreateCollection;
import dev.quern.common.wire.RowBody;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// Durable upserts of synthetic rows of 384 dimensions: 1, 100 and 1,000 rows a request through
/// HTTP, and in bulk through Flight.
final class UpsertBench implements Benchmark {
    @Override
    public String name() {
        return "upsert";
    }

    @Override
    public void run(BenchContext context) {
        try (BenchServer server = BenchServer.start(context.checkout());
                QuernClient client = server.client()) {
            batches(context, client, 1, context.size(500, 50), 1);
            batches(context, client, 1, context.size(2_000, 100), 16);
            batches(context, client, 100, context.size(100, 10), 1);
            batches(context, client, 1_000, context.size(20, 2), 1);
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
        }
    }

    private void batches(
            BenchContext context, QuernClient client, int rows, int batches, int clients) {
        String collection = "b" + rows + "-" + clients;
        client.collections().create(new CreateCollection(collection, Rows.DIMS, null, null, null));
        List<List<RowBody>> work =
                IntStream.range(0, batches).mapToObj(i -> Rows.synthetic(i * rows, rows)).toList();
        long start = System.nanoTime();
        double[] seconds =
                Load.run(
                        clients,
                        batches,
                        i -> client.collections().upsert(collection, work.get(i)));
        double total = (System.nanoTime() - start) / 1e9;
        String label = "rows-" + rows + (clients == 1 ? "" : "-x" + clients);
        context.results()
                .add(name(), Metric.more(label, "rows/s", rows * (double) batches / total));
        context.results()
                .add(
                        name(),
                        Metric.less(label + "-p99", "ms", Stats.of(seconds).quantile(0.99) * 1e3));
    }
}
