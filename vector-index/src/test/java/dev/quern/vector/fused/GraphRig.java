package dev.quern.vector.fused;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.codecs.KnnVectorsReader;
import org.apache.lucene.codecs.lucene104.Lucene104Codec;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.IntField;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.index.CodecReader;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnFloatVectorQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.MMapDirectory;
import org.jspecify.annotations.Nullable;

/// An index of vectors in the fused format. Document i has vector i and the number i.
final class GraphRig implements Closeable {
    static final String VECTOR = "v";
    static final String NUMBER = "n";

    final Directory directory;
    final IndexWriter writer;
    private final VectorSimilarityFunction similarity;

    GraphRig(Path path, VectorSimilarityFunction similarity, int minVectors) throws IOException {
        this.similarity = similarity;
        this.directory = new MMapDirectory(path);
        IndexWriterConfig config = new IndexWriterConfig();
        KnnVectorsFormat format = new FusedVectorsFormat(new FusedConfig(minVectors, 1L << 30, 2));
        config.setUseCompoundFile(false);
        config.setCodec(
                new Lucene104Codec() {
                    @Override
                    public KnnVectorsFormat getKnnVectorsFormatForField(String field) {
                        return format;
                    }
                });
        this.writer = new IndexWriter(directory, config);
    }

    void add(int number, float[] vector) throws IOException {
        Document document = new Document();
        document.add(new IntField(NUMBER, number, Field.Store.YES));
        document.add(new KnnFloatVectorField(VECTOR, vector, similarity));
        writer.addDocument(document);
    }

    void addAll(float[][] vectors) throws IOException {
        for (int i = 0; i < vectors.length; i++) {
            add(i, vectors[i]);
            if (i == vectors.length / 3) {
                writer.flush();
            }
        }
    }

    /// Numbers of the nearest, found by the format.
    static List<Integer> search(
            DirectoryReader reader, float[] query, int k, int width, @Nullable Query filter)
            throws IOException {
        IndexSearcher searcher = new IndexSearcher(reader);
        KnnFloatVectorQuery knn =
                new KnnFloatVectorQuery(VECTOR, query, k, filter, new FusedStrategy(width));
        List<Integer> numbers = new ArrayList<>();
        for (ScoreDoc hit : searcher.search(knn, k).scoreDocs) {
            numbers.add(
                    searcher.storedFields()
                            .document(hit.doc)
                            .getField(NUMBER)
                            .numericValue()
                            .intValue());
        }
        return numbers;
    }

    /// Vertices of all graphs.
    static int vertices(DirectoryReader reader) {
        int vertices = 0;
        for (LeafReaderContext leaf : reader.leaves()) {
            KnnVectorsReader segment = ((CodecReader) leaf.reader()).getVectorReader();
            vertices += FusedVectorsFormat.graphVertices(segment, VECTOR);
        }
        return vertices;
    }

    /// Numbers of the nearest, by comparing all.
    static Set<Integer> nearest(
            float[][] vectors,
            VectorSimilarityFunction similarity,
            float[] query,
            int k,
            IntPredicate accepted) {
        float[] scores = new float[vectors.length];
        Integer[] order =
                IntStream.range(0, vectors.length)
                        .filter(accepted)
                        .peek(i -> scores[i] = similarity.compare(query, vectors[i]))
                        .boxed()
                        .toArray(Integer[]::new);
        Arrays.sort(order, Comparator.comparingDouble(i -> -scores[i]));
        return new HashSet<>(List.of(order).subList(0, Math.min(k, order.length)));
    }

    @Override
    public void close() throws IOException {
        writer.close();
        directory.close();
    }
}
