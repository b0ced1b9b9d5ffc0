package dev.quern.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.quern.common.SpaceId;
import dev.quern.storage.StorageConfig;
import dev.quern.storage.StorageEngine;
import dev.quern.vector.CollectionConfig;
import dev.quern.vector.CollectionService;
import dev.quern.vector.Hit;
import dev.quern.vector.Leg;
import dev.quern.vector.SearchOutcome;
import dev.quern.vector.SearchSpec;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/// The collection of a server that has ended, called inside one JVM: what HTTP is compared with.
/// `widths DATA COLLECTION FILE QUERIES ROWS TRUTH` prints recall@10 by search width; `load` with
/// the same and `WIDTH THREADS SECONDS` prints what so many threads get in so many seconds, after
/// as many to warm up.
public final class EnginePeer {
    /// Widths of search, ascending.
    static final int[] WIDTHS = {
        10, 12, 14, 16, 18, 20, 24, 28, 32, 36, 40, 50, 64, 80, 100, 120, 160, 220, 300, 400
    };

    private final CollectionService service;
    private final String collection;
    private final AnnData data;

    private EnginePeer(CollectionService service, String collection, AnnData data) {
        this.service = service;
        this.collection = collection;
        this.data = data;
    }

    /// Runs one command.
    public static void main(String[] args) throws IOException {
        Path root = Path.of(args[1]);
        AnnData data =
                AnnData.read(
                        Path.of(args[3]),
                        Integer.parseInt(args[4]),
                        Integer.parseInt(args[5]),
                        Path.of(args[6]));
        try (StorageEngine engine = StorageEngine.open(StorageConfig.in(root.resolve("store")));
                CollectionService service =
                        new CollectionService(
                                engine.chunks(),
                                engine.facts(),
                                InstantSource.system(),
                                new Random(1),
                                CollectionConfig.defaults(root.resolve("cache/collections")));
                PrintStream out =
                        new PrintStream(
                                new FileOutputStream(FileDescriptor.out),
                                true,
                                StandardCharsets.UTF_8)) {
            EnginePeer peer = new EnginePeer(service, args[2], data);
            Object answer =
                    args[0].equals("widths")
                            ? peer.widths()
                            : peer.load(
                                    Integer.parseInt(args[7]),
                                    Integer.parseInt(args[8]),
                                    Double.parseDouble(args[9]));
            out.println(new ObjectMapper().writeValueAsString(answer));
        }
    }

    private Map<String, Object> widths() {
        List<Map<String, Object>> points = new ArrayList<>();
        for (int width : WIDTHS) {
            points.add(Map.of("width", width, "recall", recall(width)));
        }
        return Map.of("points", points);
    }

    private double recall(int width) {
        int found = 0;
        for (int i = 0; i < data.queries().length; i++) {
            Set<Integer> truth = data.nearest().get(i);
            for (Hit hit : nearest(i, width).hits()) {
                found += truth.contains(Integer.parseInt(hit.row().id())) ? 1 : 0;
            }
        }
        return found / (double) (data.queries().length * AnnData.K);
    }

    private SearchOutcome nearest(int query, int width) {
        Leg leg =
                new Leg.Dense(
                        Optional.empty(),
                        data.queries()[query % data.queries().length],
                        false,
                        width);
        return service.search(
                SpaceId.DEFAULT,
                collection,
                SearchSpec.of(List.of(leg), Optional.empty(), AnnData.K).withIdsOnly());
    }

    private Map<String, Object> load(int width, int threads, double seconds) throws IOException {
        Load.during(threads, seconds, i -> nearest(i, width));
        double[][] took = new double[1][];
        Cost cost = Cost.of(() -> took[0] = Load.during(threads, seconds, i -> nearest(i, width)));
        Stats stats = Stats.of(took[0]);
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("recall", recall(width));
        answer.put("qps", took[0].length / cost.seconds());
        answer.put("p50_ms", stats.median() * 1e3);
        answer.put("p99_ms", stats.quantile(0.99) * 1e3);
        answer.put("cpu_us", cost.cpuSeconds() * 1e6 / took[0].length);
        return answer;
    }
}
