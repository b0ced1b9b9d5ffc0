package dev.quern.bench;

import com.fasterxml.jackson.databind.JsonNode;
import dev.quern.client.QuernClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Embedding real one-liners through `/v1/embeddings`, in requests of 256 texts from as many
/// clients as there are cores, and the time of one short query. The peer is onnxruntime in Python
/// in its best layout on the same texts.
final class EmbedBench implements Benchmark {
    private static final String MODEL = "all-MiniLM-L6-v2";
    private static final int REQUEST_TEXTS = 256;

    @Override
    public String name() {
        return "embed";
    }

    @Override
    public void run(BenchContext context) throws IOException {
        List<String> texts = OneLiners.texts(context, 0, context.size(8_192, 512));
        Path file = Files.createTempFile(context.checkout().resolve("target"), "texts", ".txt");
        Files.writeString(file, String.join("\n", texts));
        try (BenchServer server = BenchServer.start(context.checkout());
                QuernClient client = server.client()) {
            int threads = Runtime.getRuntime().availableProcessors();
            embedAll(client, texts.subList(0, texts.size() / 8), threads);
            double first = embedAll(client, texts, threads);
            JsonNode peer =
                    context.peers()
                            .run(
                                    "onnx_embed",
                                    Path.of(
                                                    System.getProperty("quern.home"),
                                                    "models/all-minilm-l6-v2")
                                            .toString(),
                                    file.toString(),
                                    Integer.toString(threads));
            double second = embedAll(client, texts, threads);
            double textsPerSecond = texts.size() / ((first + second) / 2);
            double tokensPerText = peer.path("tokens").asDouble() / texts.size();
            context.results()
                    .add(
                            name(),
                            Metric.more("tokens", "tokens/s", textsPerSecond * tokensPerText)
                                    .against("onnxruntime", peer.path("tokens_per_s").asDouble()));
            context.results()
                    .add(
                            name(),
                            Metric.more("texts", "texts/s", textsPerSecond)
                                    .against("onnxruntime", peer.path("texts_per_s").asDouble()));
            single(context, client);
        } finally {
            Files.delete(file);
        }
    }

    /// Seconds to embed all texts.
    private static double embedAll(QuernClient client, List<String> texts, int threads) {
        long start = System.nanoTime();
        Load.run(
                threads,
                (texts.size() + REQUEST_TEXTS - 1) / REQUEST_TEXTS,
                request -> {
                    int from = request * REQUEST_TEXTS;
                    client.models()
                            .embed(
                                    MODEL,
                                    texts.subList(
                                            from, Math.min(texts.size(), from + REQUEST_TEXTS)));
                });
        return (System.nanoTime() - start) / 1e9;
    }

    private void single(BenchContext context, QuernClient client) {
        int count = context.size(300, 20);
        double[] millis = new double[count];
        for (int i = -20; i < count; i++) {
            long start = System.nanoTime();
            client.models().embed(MODEL, List.of("how do I mount a volume"));
            if (i >= 0) {
                millis[i] = (System.nanoTime() - start) / 1e6;
            }
        }
        context.results().add(name(), Metric.less("query-p50", "ms", Stats.of(millis).median()));
    }
}
