package dev.quern.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.quern.client.LocalServer;
import dev.quern.client.QuernClient;
import dev.quern.client.flight.QuernFlight;
import dev.quern.client.flight.VectorRow;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.wire.CreateCollection;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;

/// `http-32`: 100,000 real one-liners by vector, ten ids each, from 32 connections to a server
/// process. The server has half of the processor, the one thread that holds the connections the
/// other; so has each peer. `engine` is the same collection, opened by a JVM after the server has
/// ended and called by 32 threads; the two take turns, and the median of the rounds counts. Chroma
/// is a server asked in the same way; LanceDB and Qdrant Edge are called by 32 threads of a Python
/// process. Against each peer our search is as wide as it must be to find as much.
final class SearchHttp {
    private static final String COLLECTION = "vectors";
    private static final int CONNECTIONS = 32;
    private static final double LEAST_RECALL = 0.95;
    private static final List<String> EMBEDDED = List.of("lancedb", "qdrant-edge-py");
    private static final String ENGINE = "engine";
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long POLL_NANOS = 20_000_000;

    private final BenchContext context;
    private final String bench;
    private final AnnData data;
    private final Path work;
    private final Path store;
    private final Cores cores = Cores.halves();
    private final Map<Integer, Double> recallByWidth = new TreeMap<>();

    /// What somebody reached.
    ///
    /// @param cpuMicros of the processor for each search; 0 when not known
    private record Reached(
            double recall, double qps, double p50Millis, double p99Millis, double cpuMicros) {
        static Reached of(JsonNode printed) {
            return new Reached(
                    printed.path("recall").asDouble(),
                    printed.path("qps").asDouble(),
                    printed.path("p50_ms").asDouble(),
                    printed.path("p99_ms").asDouble(),
                    printed.path("cpu_us").asDouble());
        }

        static Reached of(double recall, double[] seconds, double total, double cpuMicros) {
            Stats stats = Stats.of(seconds);
            return new Reached(
                    recall,
                    seconds.length / total,
                    stats.median() * 1e3,
                    stats.quantile(0.99) * 1e3,
                    cpuMicros);
        }

        /// The one with the median of the searches a second.
        static Reached median(List<Reached> rounds) {
            List<Reached> sorted = new ArrayList<>(rounds);
            sorted.sort((a, b) -> Double.compare(a.qps, b.qps));
            return sorted.get((sorted.size() - 1) / 2);
        }
    }

    private SearchHttp(BenchContext context, String bench, AnnData data, Path work) {
        this.context = context;
        this.bench = bench;
        this.data = data;
        this.work = work;
        this.store = work.resolve("server");
    }

    /// Measures, and adds figures to the results of a bench.
    static void run(BenchContext context, String bench) throws IOException {
        AnnData data =
                AnnData.open(context, context.size(1_000, 500), context.size(100_000, 10_000));
        Path work = BenchServer.temporary(context.checkout());
        try {
            new SearchHttp(context, bench, data, work).run();
        } finally {
            BenchServer.deleteTree(work);
        }
    }

    private void run() throws IOException {
        context.results().note(cores.describe());
        context.results().note("http-32 sends vectors as lists of decimals, not as base64");
        fill();
        for (JsonNode point : engine("widths").path("points")) {
            recallByWidth.put(point.path("width").asInt(), point.path("recall").asDouble());
        }
        try (Cores.Held _ = cores.holdThis(context.checkout())) {
            Map<String, Reached> peers = new TreeMap<>();
            for (String peer : EMBEDDED) {
                if (isAvailable(peer)) {
                    peers.put(peer, embedded(peer));
                }
            }
            if (isAvailable(ChromaPeer.PACKAGE)) {
                peers.put(ChromaPeer.NAME, chroma());
            }
            compare(peers);
        }
    }

    private boolean isAvailable(String requirement) {
        boolean available = context.peers().install(requirement);
        if (!available) {
            context.results().note("peer " + requirement + " cannot be installed here: left out");
        }
        return available;
    }

    private double seconds() {
        return context.size(10, 2);
    }

    // ---- ours

    @SuppressWarnings("MustBeClosedChecker") // the caller closes it
    private LocalServer start() {
        String launcher = cores.servingLauncher(work, BenchServer.launcher()).toString();
        return LocalServer.start(launcher, store, "--log-level", "warn");
    }

    private void fill() throws IOException {
        try (LocalServer server = start();
                QuernClient client = server.connect();
                QuernFlight flight = QuernFlight.open(server.flightUrl(), server.token())) {
            client.collections()
                    .create(new CreateCollection(COLLECTION, AnnData.DIMS, null, null, null));
            List<VectorRow> rows = new ArrayList<>();
            for (float[] vector : data.vectors(0, data.rows())) {
                rows.add(new VectorRow(Integer.toString(rows.size()), null, Map.of(), vector));
            }
            flight.putRows(COLLECTION, AnnData.DIMS, rows.iterator());
            while (client.collections().merge(COLLECTION)) {
                LockSupport.parkNanos(POLL_NANOS);
            }
            context.results().note("collection: " + client.collections().stats(COLLECTION));
        }
    }

    /// The narrowest search that finds so much, else the widest.
    private int width(double recall) {
        return recallByWidth.entrySet().stream()
                .filter(point -> point.getValue() >= recall)
                .mapToInt(Map.Entry::getKey)
                .findFirst()
                .orElse(EnginePeer.WIDTHS[EnginePeer.WIDTHS.length - 1]);
    }

    /// Takes turns with the engine at the least recall, and is as wide as each peer needs.
    private void compare(Map<String, Reached> peers) throws IOException {
        int least = width(LEAST_RECALL);
        Set<Integer> widths = new TreeSet<>(Set.of(least));
        peers.values().forEach(peer -> widths.add(width(peer.recall)));
        Map<Integer, List<Reached>> ours = new TreeMap<>();
        List<Reached> engine = new ArrayList<>();
        for (int round = 0; round < context.size(3, 1); round++) {
            http(widths)
                    .forEach((width, reached) ->
                            ours.computeIfAbsent(width, _ -> new ArrayList<>()).add(reached));
            engine.add(
                    Reached.of(
                            engine(
                                    "load",
                                    Integer.toString(least),
                                    Integer.toString(CONNECTIONS),
                                    Double.toString(seconds()))));
        }
        Map<Integer, Reached> medians = new TreeMap<>();
        ours.forEach((width, rounds) -> medians.put(width, Reached.median(rounds)));
        report(Objects.requireNonNull(medians.get(least)), ENGINE, Reached.median(engine));
        peers.forEach((peer, theirs) -> {
            Reached wide = medians.get(width(theirs.recall));
            report(Objects.requireNonNull(wide), peer, theirs);
        });
    }

    private void report(Reached ours, String peer, Reached theirs) {
        Metric qps = Metric.more("http-32", "queries/s", ours.qps);
        Metric p50 = Metric.less("http-32-p50", "ms", ours.p50Millis);
        Metric p99 = Metric.less("http-32-p99", "ms", ours.p99Millis);
        add(ours, qps.against(peer, theirs.qps, theirs.recall));
        add(ours, p50.against(peer, theirs.p50Millis, theirs.recall));
        add(ours, p99.against(peer, theirs.p99Millis, theirs.recall));
        if (theirs.cpuMicros > 0) {
            Metric cpu = Metric.less("http-32-cpu", "us/query", ours.cpuMicros);
            add(ours, cpu.against(peer, theirs.cpuMicros, theirs.recall));
        }
        if (peer.equals(ENGINE)) {
            add(ours, p99.against("5 x p50", 5 * ours.p50Millis));
        }
    }

    private void add(Reached ours, Metric metric) {
        context.results().add(bench, metric.at(ours.recall));
    }

    /// One server, at each width.
    private Map<Integer, Reached> http(Set<Integer> widths) throws IOException {
        Map<Integer, Reached> reached = new TreeMap<>();
        try (LocalServer server = start()) {
            URI url = server.httpUrl();
            URI path = url.resolve("/v1/collections/" + COLLECTION + "/search");
            for (int width : widths) {
                List<ByteBuffer> requests =
                        Arrays.stream(data.queries())
                                .map(q -> HttpLoad.post(path, server.token(), body(q, width)))
                                .toList();
                Found found = new Found(hits -> hits.path("hits"), hit -> hit.path("id").asText());
                HttpLoad.each(url, requests, found);
                reached.put(width, measure(url, requests, found.recall(), serverId()));
            }
        }
        return reached;
    }

    /// Half of the time warms up.
    private Reached measure(URI url, List<ByteBuffer> requests, double recall, long process)
            throws IOException {
        HttpLoad.run(url, CONNECTIONS, requests, seconds());
        Duration before = cpuTime(process);
        long start = System.nanoTime();
        double[] took = HttpLoad.run(url, CONNECTIONS, requests, seconds());
        double total = (System.nanoTime() - start) / 1e9;
        double cpu = cpuTime(process).minus(before).toNanos() / 1e3 / took.length;
        return Reached.of(recall, took, total, cpu);
    }

    private static String body(float[] query, int width) {
        return "{\"legs\":[{\"dense\":{\"vector\":"
                + Arrays.toString(query)
                + ",\"width\":"
                + width
                + "}}],\"limit\":"
                + AnnData.K
                + ",\"fields\":[]}";
    }

    /// The server's process, which its data directory names.
    private long serverId() throws IOException {
        return Long.parseLong(Files.readString(store.resolve("LOCK")).strip());
    }

    private static Duration cpuTime(long process) {
        return ProcessHandle.of(process)
                .flatMap(handle -> handle.info().totalCpuDuration())
                .orElseThrow(() -> new QuernException(ErrorKind.UNAVAILABLE, "a server is gone"));
    }

    private JsonNode engine(String command, String... more) throws IOException {
        List<String> line = new ArrayList<>();
        line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        line.addAll(List.of("--add-modules=jdk.incubator.vector", "-XX:+UseG1GC"));
        line.addAll(
                List.of("--enable-native-access=ALL-UNNAMED", "-Dslf4j.internal.verbosity=ERROR"));
        line.addAll(List.of("-cp", System.getProperty("java.class.path")));
        line.addAll(List.of(EnginePeer.class.getName(), command, store.toString(), COLLECTION));
        line.addAll(List.of(data.file().toString(), Integer.toString(data.queries().length)));
        line.addAll(List.of(Integer.toString(data.rows()), data.truth().toString()));
        line.addAll(List.of(more));
        return JSON.readTree(
                Shell.output(context.checkout(), cores.serving(line).toArray(String[]::new)));
    }

    // ---- peers

    private Reached chroma() throws IOException {
        try (ChromaPeer peer = ChromaPeer.start(context, cores, work)) {
            List<ByteBuffer> requests = peer.requests(data, peer.fill(context, data));
            Found found = new Found(answer -> answer.path("ids").path(0), JsonNode::asText);
            HttpLoad.each(peer.url(), requests, found);
            return measure(peer.url(), requests, found.recall(), peer.processId());
        }
    }

    /// At the least recall, or as near to it as the peer comes.
    private Reached embedded(String peer) {
        JsonNode printed =
                context.peers()
                        .run(
                                "search_peers",
                                peer,
                                data.file().toString(),
                                Integer.toString(AnnData.DIMS),
                                Integer.toString(data.queries().length),
                                data.truth().toString(),
                                work.resolve(peer).toString(),
                                Integer.toString(CONNECTIONS),
                                Double.toString(seconds() / 2),
                                cores.serverList());
        List<Reached> points = new ArrayList<>();
        printed.path("points").forEach(point -> points.add(Reached.of(point)));
        return points.stream()
                .filter(point -> point.recall >= LEAST_RECALL)
                .findFirst()
                .orElse(points.getLast());
    }

    /// Counts the nearest among the ids in answers.
    private final class Found implements HttpLoad.Answers {
        private final Answer hits;
        private final Id id;
        private int count;

        interface Answer {
            JsonNode hits(JsonNode answer);
        }

        interface Id {
            String of(JsonNode hit);
        }

        Found(Answer hits, Id id) {
            this.hits = hits;
            this.id = id;
        }

        @Override
        public void take(int number, String body) throws IOException {
            for (JsonNode hit : hits.hits(JSON.readTree(body))) {
                boolean near = data.nearest().get(number).contains(Integer.parseInt(id.of(hit)));
                count += near ? 1 : 0;
            }
        }

        double recall() {
            return count / (double) (data.queries().length * AnnData.K);
        }
    }
}
