package dev.quern.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.codecs.lucene104.Lucene104Codec;
import org.apache.lucene.codecs.lucene99.Lucene99HnswVectorsFormat;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.document.NumericDocValuesField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.MultiDocValues;
import org.apache.lucene.index.NumericDocValues;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnFloatVectorQuery;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.MMapDirectory;

/// Lucene's own graph of vectors (M 16, beam 100, its defaults) in a JVM of its own, with the same
/// answers as `peers-src/ann.py`: `build FILE QUERIES ROWS INDEX TRUTH`, `search` the same.
public final class LucenePeer {
    private static final int M = 16;
    private static final int BEAM = 100;
    static final int THREADS = 2;
    private static final int RAM_MEBIBYTES = 256;
    private static final String FIELD = "v";
    private static final String ROW = "row";
    static final int[] WIDTHS = {10, 16, 24, 32, 48, 64, 80, 100, 140, 200, 300};

    private LucenePeer() {}

    /// Runs a peer in a JVM of its own.
    ///
    /// @param main takes the arguments of this class
    static JsonNode run(
            BenchContext context, Class<?> main, String command, AnnData data, Path index) {
        String answer =
                Shell.output(
                        context.checkout(),
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--add-modules=jdk.incubator.vector",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        main.getName(),
                        command,
                        data.file().toString(),
                        Integer.toString(data.queries().length),
                        Integer.toString(data.rows()),
                        index.toString(),
                        data.truth().toString());
        try {
            return new ObjectMapper().readTree(answer);
        } catch (IOException e) {
            throw new QuernException(ErrorKind.UNAVAILABLE, "peer lucene did not print JSON", e);
        }
    }

    /// Runs one command.
    public static void main(String[] args) throws IOException {
        int queries = Integer.parseInt(args[2]);
        AnnData data =
                AnnData.read(
                        Path.of(args[1]), queries, Integer.parseInt(args[3]), Path.of(args[5]));
        try (Directory files = new MMapDirectory(Path.of(args[4]));
                PrintStream out =
                        new PrintStream(
                                new FileOutputStream(FileDescriptor.out),
                                true,
                                StandardCharsets.UTF_8)) {
            Object answer = args[0].equals("build") ? build(data, files) : search(data, files);
            out.println(new ObjectMapper().writeValueAsString(answer));
        }
    }

    private static Map<String, Double> build(AnnData data, Directory files) throws IOException {
        float[][] vectors = data.vectors(0, data.rows());
        long start = System.nanoTime();
        try (ExecutorService pool = Executors.newFixedThreadPool(THREADS, Thread::new);
                IndexWriter writer = new IndexWriter(files, config(pool))) {
            Load.run(THREADS, vectors.length, i -> add(writer, i, vectors[i]));
            writer.forceMerge(1);
            writer.commit();
        }
        return Map.of("seconds", (System.nanoTime() - start) / 1e9);
    }

    private static void add(IndexWriter writer, int row, float[] vector) {
        Document document = new Document();
        document.add(new KnnFloatVectorField(FIELD, vector, VectorSimilarityFunction.DOT_PRODUCT));
        document.add(new NumericDocValuesField(ROW, row));
        try {
            writer.addDocument(document);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static IndexWriterConfig config(ExecutorService pool) {
        KnnVectorsFormat format = new Lucene99HnswVectorsFormat(M, BEAM, THREADS, pool);
        IndexWriterConfig config = new IndexWriterConfig();
        config.setRAMBufferSizeMB(RAM_MEBIBYTES);
        config.setCodec(
                new Lucene104Codec() {
                    @Override
                    public KnnVectorsFormat getKnnVectorsFormatForField(String field) {
                        return format;
                    }
                });
        return config;
    }

    private static Map<String, List<Curve.Point>> search(AnnData data, Directory files)
            throws IOException {
        List<Curve.Point> points = new ArrayList<>();
        try (DirectoryReader reader = DirectoryReader.open(files)) {
            IndexSearcher searcher = new IndexSearcher(reader);
            for (int width : WIDTHS) {
                double[] seconds = new double[3];
                for (int round = -1; round < seconds.length; round++) {
                    long start = System.nanoTime();
                    for (int i = 0; i < data.queries().length; i++) {
                        nearest(searcher, data, i, width);
                    }
                    if (round >= 0) {
                        seconds[round] = (System.nanoTime() - start) / 1e9;
                    }
                }
                double qps = data.queries().length / Stats.of(seconds).median();
                points.add(new Curve.Point(recall(searcher, data, width), qps));
            }
        }
        return Map.of("points", points);
    }

    private static ScoreDoc[] nearest(IndexSearcher searcher, AnnData data, int query, int width)
            throws IOException {
        return searcher.search(
                        new KnnFloatVectorQuery(FIELD, data.queries()[query], width), AnnData.K)
                .scoreDocs;
    }

    private static double recall(IndexSearcher searcher, AnnData data, int width)
            throws IOException {
        NumericDocValues numbers = MultiDocValues.getNumericValues(searcher.getIndexReader(), ROW);
        int[] rows = new int[searcher.getIndexReader().maxDoc()];
        for (int doc = numbers.nextDoc(); doc < rows.length; doc = numbers.nextDoc()) {
            rows[doc] = (int) numbers.longValue();
        }
        int found = 0;
        for (int i = 0; i < data.queries().length; i++) {
            for (ScoreDoc hit : nearest(searcher, data, i, width)) {
                found += data.nearest().get(i).contains(rows[hit.doc]) ? 1 : 0;
            }
        }
        return found / (double) (data.queries().length * AnnData.K);
    }
}
