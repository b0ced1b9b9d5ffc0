package dev.quern.bench;

import com.fasterxml.jackson.databind.JsonNode;
import dev.quern.client.QuernClient;
import dev.quern.common.wire.CreateCollection;

/// Bulk transfer by Arrow Flight with pyarrow's client: a file put (durable here, kept in memory by
/// the peer), a file got, the vectors of a collection got. Peers: pyarrow's C++ Flight server under
/// the same client, and a raw loopback socket.
final class FlightBench implements Benchmark {
    private static final String PEER = "pyarrow";

    @Override
    public String name() {
        return "flight";
    }

    @Override
    public void run(BenchContext context) {
        try (BenchServer server = BenchServer.start(context.checkout());
                QuernClient client = server.client()) {
            client.volumes().create("bench");
            client.collections()
                    .create(new CreateCollection("flight-bench", Rows.DIMS, null, null, null));
            JsonNode rates =
                    context.peers()
                            .run(
                                    "flight_rates",
                                    server.process().flightUrl().toString(),
                                    server.process().token(),
                                    "bench",
                                    Integer.toString(context.size(256, 32)),
                                    Integer.toString(context.size(5, 1)),
                                    Integer.toString(context.size(50_000, 5_000)),
                                    Integer.toString(Rows.DIMS),
                                    server.process().httpUrl().toString());
            report(context, "doget-file", rates.path("get"), PEER, rates.path("peer_get"));
            report(context, "doget-file", rates.path("get"), "limit", rates.path("raw"));
            report(context, "doput-file", rates.path("put"), PEER, rates.path("peer_put"));
            report(context, "doget-rows", rates.path("rows"), PEER, rates.path("peer_rows"));
        }
    }

    private void report(
            BenchContext context, String metric, JsonNode ours, String peer, JsonNode theirs) {
        context.results()
                .add(
                        name(),
                        Metric.more(metric, "GB/s", ours.asDouble())
                                .against(peer, theirs.asDouble()));
    }
}
