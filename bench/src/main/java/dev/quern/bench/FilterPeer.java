package dev.quern.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.document.LongField;
import org.apache.lucene.document.NumericDocValuesField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.MultiDocValues;
import org.apache.lucene.index.NumericDocValues;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnFloatVectorQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.MMapDirectory;

/// Lucene's own graph under filters, by its default path, in a JVM of its own: the commands of
/// [LucenePeer]; `search` prints the points of each filter by its label.
public final class FilterPeer {
    private static final String FIELD = "v";
    private static final String ROW = "row";

    private FilterPeer() {}

    /// Runs one command.
    public static void main(String[] args) throws IOException {
        int queries = Integer.parseInt(args[2]);
        AnnData data =
                AnnData.read(
                        Path.of(args[1]), queries, Integer.parseInt(args[3]), Path.of(args[5]));
        FilterData filters = FilterData.of(data);
        try (Directory files = new MMapDirectory(Path.of(args[4]));
                PrintStream out =
                        new PrintStream(
                                new FileOutputStream(FileDescriptor.out),
                                true,
                                StandardCharsets.UTF_8)) {
            Object answer =
                    args[0].equals("build") ? build(filters, files) : search(filters, files);
            out.println(new ObjectMapper().writeValueAsString(answer));
        }
    }

    private static Map<String, Double> build(FilterData filters, Directory files)
            throws IOException {
        float[][] vectors = filters.data().vectors(0, filters.data().rows());
        long start = System.nanoTime();
        try (ExecutorService pool = Executors.newFixedThreadPool(LucenePeer.THREADS, Thread::new);
                IndexWriter writer = new IndexWriter(files, LucenePeer.config(pool))) {
            Load.run(
                    LucenePeer.THREADS,
                    vectors.length,
                    row -> add(writer, filters, row, vectors[row]));
            writer.forceMerge(1);
            writer.commit();
        }
        return Map.of("seconds", (System.nanoTime() - start) / 1e9);
    }

    private static void add(IndexWriter writer, FilterData filters, int row, float[] vector) {
        Document document = new Document();
        document.add(new KnnFloatVectorField(FIELD, vector, VectorSimilarityFunction.DOT_PRODUCT));
        document.add(new NumericDocValuesField(ROW, row));
        document.add(new LongField("even", filters.even()[row], Field.Store.NO));
        document.add(new LongField("near", filters.near()[row], Field.Store.NO));
        try {
            writer.addDocument(document);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Map<String, List<Curve.Point>> search(FilterData filters, Directory files)
            throws IOException {
        Map<String, List<Curve.Point>> points = new TreeMap<>();
        try (DirectoryReader reader = DirectoryReader.open(files)) {
            int[] rows = rows(reader);
            IndexSearcher searcher = new IndexSearcher(reader);
            for (FilterData.Case filter : FilterData.Case.values()) {
                List<Curve.Point> curve = new ArrayList<>();
                for (int width : LucenePeer.WIDTHS) {
                    curve.add(point(searcher, filters, filter, width, rows));
                }
                points.put(filter.label, curve);
            }
        }
        return points;
    }

    private static int[] rows(DirectoryReader reader) throws IOException {
        NumericDocValues numbers = MultiDocValues.getNumericValues(reader, ROW);
        int[] rows = new int[reader.maxDoc()];
        for (int doc = numbers.nextDoc(); doc < rows.length; doc = numbers.nextDoc()) {
            rows[doc] = (int) numbers.longValue();
        }
        return rows;
    }

    private static Curve.Point point(
            IndexSearcher searcher,
            FilterData filters,
            FilterData.Case filter,
            int width,
            int[] rows)
            throws IOException {
        Query query = LongField.newRangeQuery(filter.field, filter.from, filter.to - 1L);
        double[] seconds = new double[3];
        List<Set<Integer>> found = new ArrayList<>();
        for (int round = -1; round < seconds.length; round++) {
            found.clear();
            long start = System.nanoTime();
            for (float[] vector : filters.data().queries()) {
                Set<Integer> hits = new HashSet<>();
                KnnFloatVectorQuery knn = new KnnFloatVectorQuery(FIELD, vector, width, query);
                for (ScoreDoc hit : searcher.search(knn, AnnData.K).scoreDocs) {
                    hits.add(rows[hit.doc]);
                }
                found.add(hits);
            }
            if (round >= 0) {
                seconds[round] = (System.nanoTime() - start) / 1e9;
            }
        }
        double qps = found.size() / Stats.of(seconds).median();
        return new Curve.Point(filters.recall(filter, found), qps);
    }
}
