package dev.quern.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Random;

/// What a collection costs as it grows: 10,000, 100,000 and 1,000,000 rows (10,000 when quick),
/// each in a JVM of its own. Up to 100,000 rows are real one-liners; those beyond are synthetic,
/// each a real one with noise of three tenths of its length, made from a seed.
final class GrowthBench implements Benchmark {
    private static final List<Integer> SIZES = List.of(10_000, 100_000, 1_000_000);
    private static final int REAL = 100_000;
    private static final double NOISE = 0.3;
    private static final ObjectMapper JSON = new ObjectMapper();

    @Override
    public String name() {
        return "growth";
    }

    @Override
    public void run(BenchContext context) throws IOException {
        for (int rows : context.quick() ? SIZES.subList(0, 1) : SIZES) {
            AnnData data = data(context, rows);
            Path work = BenchServer.temporary(context.checkout());
            try {
                report(context, rows, child(context, data, work, "build"));
                report(context, rows, child(context, data, work, "open"));
            } finally {
                BenchServer.deleteTree(work);
            }
        }
    }

    private static AnnData data(BenchContext context, int rows) throws IOException {
        int queries = context.size(1_000, 500);
        if (rows <= REAL) {
            return AnnData.open(context, queries, rows);
        }
        context.results().note("of " + rows + " rows " + (rows - REAL) + " are synthetic");
        AnnData real = AnnData.open(context, queries, REAL);
        Path file = real.file().resolveSibling("grown-" + (queries + rows) + ".f32");
        if (!Files.exists(file)) {
            Path part = real.file().resolveSibling("grown.part");
            Files.copy(real.file(), part);
            grow(real, rows, part);
            Files.move(part, file);
        }
        return AnnData.withTruth(context, file, queries, rows);
    }

    private static void grow(AnnData real, int rows, Path part) throws IOException {
        Random random = new Random(1);
        float[][] base = real.vectors(0, REAL);
        ByteBuffer bytes =
                ByteBuffer.allocate(AnnData.DIMS * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        double spread = NOISE / Math.sqrt(AnnData.DIMS);
        try (FileChannel out = FileChannel.open(part, StandardOpenOption.APPEND)) {
            ByteBuffer many = ByteBuffer.allocate(1_000 * bytes.capacity());
            for (int row = REAL; row < rows; row++) {
                float[] near = base[random.nextInt(REAL)];
                float[] made = new float[AnnData.DIMS];
                double square = 0;
                for (int i = 0; i < made.length; i++) {
                    made[i] = (float) (near[i] + spread * random.nextGaussian());
                    square += (double) made[i] * made[i];
                }
                bytes.clear();
                for (float value : made) {
                    bytes.putFloat((float) (value / Math.sqrt(square)));
                }
                many.put(bytes.flip());
                if (!many.hasRemaining() || row == rows - 1) {
                    many.flip();
                    while (many.hasRemaining()) {
                        out.write(many);
                    }
                    many.clear();
                }
            }
        }
    }

    private void report(BenchContext context, int rows, JsonNode figures) {
        String size = rows / 1_000 + "k-";
        JsonNode recall = figures.path("recall");
        for (JsonNode figure : figures.path("figures")) {
            String unit = figure.path("unit").asText();
            String label = size + figure.path("name").asText();
            double value = figure.path("value").asDouble();
            Metric metric =
                    unit.equals("queries/s")
                            ? Metric.more(label, unit, value)
                            : Metric.less(label, unit, value);
            boolean searched = figure.path("searched").asBoolean();
            context.results().add(name(), searched ? metric.at(recall.asDouble()) : metric);
        }
    }

    private static JsonNode child(BenchContext context, AnnData data, Path work, String command) {
        String answer =
                Shell.output(
                        context.checkout(),
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--add-modules=jdk.incubator.vector",
                        "--enable-native-access=ALL-UNNAMED",
                        "-Dslf4j.internal.verbosity=ERROR",
                        "-cp",
                        System.getProperty("java.class.path"),
                        GrowthRun.class.getName(),
                        command,
                        work.toString(),
                        data.file().toString(),
                        Integer.toString(data.queries().length),
                        Integer.toString(data.rows()),
                        data.truth().toString());
        try {
            return JSON.readTree(answer);
        } catch (IOException e) {
            throw new QuernException(ErrorKind.UNAVAILABLE, "growth did not print JSON", e);
        }
    }
}
