package dev.quern.bench;

import dev.quern.client.QuernClient;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Vectors of real one-liners, the first of them as queries, and the ten nearest of each query.
///
/// @param file all vectors as 32-bit floats, little-endian, the queries first
/// @param truth for each query the numbers of its ten nearest among the others, as ints
record AnnData(Path file, float[][] queries, int rows, Path truth, List<Set<Integer>> nearest) {
    static final int DIMS = 384;
    static final int K = 10;

    private static final String MODEL = "all-MiniLM-L6-v2";
    private static final int REQUEST_TEXTS = 256;

    /// Embeds the texts by a server, unless an earlier run left their vectors in `bench/peers`.
    static AnnData open(BenchContext context, int queries, int rows) throws IOException {
        Path folder = Files.createDirectories(context.checkout().resolve("bench/peers/vectors"));
        Path file = folder.resolve("one-liners-" + (queries + rows) + ".f32");
        if (!Files.exists(file)) {
            Path part = file.resolveSibling(file.getFileName() + ".part");
            embed(context, OneLiners.texts(context, 0, queries + rows), part);
            Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
        }
        return withTruth(context, file, queries, rows);
    }

    /// The same with vectors that lie in a file.
    static AnnData withTruth(BenchContext context, Path file, int queries, int rows)
            throws IOException {
        String name = file.getFileName() + "-truth-" + queries + "-" + rows + ".i32";
        Path truth = file.resolveSibling(name);
        context.peers()
                .run(
                        "ann",
                        "truth",
                        file.toString(),
                        Integer.toString(DIMS),
                        Integer.toString(queries),
                        truth.toString());
        return read(file, queries, rows, truth);
    }

    /// What lies in two files.
    static AnnData read(Path file, int queries, int rows, Path truth) throws IOException {
        return new AnnData(file, floats(file, 0, queries), rows, truth, numbers(truth, queries));
    }

    private static void embed(BenchContext context, List<String> texts, Path file)
            throws IOException {
        try (BenchServer server = BenchServer.start(context.checkout());
                QuernClient client = server.client();
                OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
            for (int from = 0; from < texts.size(); from += REQUEST_TEXTS) {
                int to = Math.min(texts.size(), from + REQUEST_TEXTS);
                for (float[] vector : client.models().embed(MODEL, texts.subList(from, to))) {
                    ByteBuffer bytes =
                            ByteBuffer.allocate(DIMS * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
                    bytes.asFloatBuffer().put(vector);
                    out.write(bytes.array());
                }
            }
        }
    }

    /// The vectors of some rows.
    float[][] vectors(int from, int count) throws IOException {
        return floats(file, queries.length + from, count);
    }

    private static float[][] floats(Path file, int from, int count) throws IOException {
        ByteBuffer bytes = read(file, (long) from * DIMS * Float.BYTES, count * DIMS * Float.BYTES);
        float[][] vectors = new float[count][DIMS];
        for (float[] vector : vectors) {
            bytes.asFloatBuffer().get(vector);
            bytes.position(bytes.position() + DIMS * Float.BYTES);
        }
        return vectors;
    }

    private static List<Set<Integer>> numbers(Path truth, int queries) throws IOException {
        ByteBuffer bytes = read(truth, 0, queries * K * Integer.BYTES);
        List<Set<Integer>> nearest = new ArrayList<>();
        for (int i = 0; i < queries; i++) {
            Set<Integer> some = new HashSet<>();
            for (int j = 0; j < K; j++) {
                some.add(bytes.getInt());
            }
            nearest.add(some);
        }
        return nearest;
    }

    private static ByteBuffer read(Path file, long offset, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            while (bytes.hasRemaining() && channel.read(bytes, offset + bytes.position()) >= 0) {}
        }
        return bytes.flip();
    }
}
