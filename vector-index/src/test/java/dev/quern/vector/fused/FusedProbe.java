package dev.quern.vector.fused;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnFloatVectorQuery;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.MMapDirectory;

/// Writes the answers of an index, with the bits of their scores, in a JVM of its own.
final class FusedProbe {
    private static final int QUERIES = 50;

    private FusedProbe() {}

    /// Arguments: directory, rows, dims, file to write.
    public static void main(String[] arguments) throws IOException {
        List<String> lines = new ArrayList<>();
        lines.add("kernel " + Kernel.best().getClass().getSimpleName());
        lines.addAll(
                answers(
                        Path.of(arguments[0]),
                        Integer.parseInt(arguments[1]),
                        Integer.parseInt(arguments[2])));
        Files.write(Path.of(arguments[3]), lines);
    }

    static List<String> answers(Path directory, int rows, int dims) throws IOException {
        try (Directory files = new MMapDirectory(directory);
                DirectoryReader reader = DirectoryReader.open(files)) {
            return answers(reader, rows, dims);
        }
    }

    static List<String> answers(DirectoryReader reader, int rows, int dims) throws IOException {
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(rows);
        IndexSearcher searcher = new IndexSearcher(reader);
        List<String> answers = new ArrayList<>();
        for (int q = 0; q < QUERIES; q++) {
            float[] query = FusedSeed.gaussian(random, new float[dims], 1);
            KnnFloatVectorQuery knn =
                    new KnnFloatVectorQuery(GraphRig.VECTOR, query, 5, null, new FusedStrategy(40));
            StringBuilder line = new StringBuilder("query " + q + ":");
            for (ScoreDoc hit : searcher.search(knn, 5).scoreDocs) {
                line.append(' ')
                        .append(hit.doc)
                        .append('=')
                        .append(Float.floatToIntBits(hit.score));
            }
            answers.add(line.toString());
        }
        return answers;
    }
}
