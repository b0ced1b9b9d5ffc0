package dev.quern.vector;

import dev.quern.vector.fused.FusedVectorsFormat;
import java.io.IOException;
import java.util.Collections;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.lucene.codecs.KnnVectorsReader;
import org.apache.lucene.codecs.hnsw.HnswGraphProvider;
import org.apache.lucene.codecs.perfield.PerFieldKnnVectorsFormat;
import org.apache.lucene.index.CodecReader;
import org.apache.lucene.index.FilterLeafReader;
import org.apache.lucene.index.FloatVectorValues;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.util.hnsw.HnswGraph;
import org.jspecify.annotations.Nullable;

/// How a collection's rows are indexed at one moment.
///
/// @param rows live rows
/// @param segments Lucene segments
/// @param vectors by vector field
/// @param merging whether segments are being merged
public record CollectionStats(
        long rows, int segments, NavigableMap<String, Vectored> vectors, boolean merging) {
    /// Copies the map.
    public CollectionStats {
        vectors = Collections.unmodifiableNavigableMap(new TreeMap<>(vectors));
    }

    /// How the vectors of one field are indexed. Those that no graph finds are compared one by one.
    /// Rows that were deleted since their segment was written are counted.
    ///
    /// @param rows with a vector in the field
    /// @param fusedRows of these in fused graphs
    /// @param hotRows of these last, those in graphs that lie in hot memory; the others are read
    ///   from the mapped file
    /// @param hnswRows in Lucene's graphs
    /// @param formats rows by how their segments keep the vectors: `flat`, `fused`, `int8`, `int4`,
    ///   `bit`, or `float32` in segments of Lucene's format of earlier versions
    public record Vectored(
            long rows,
            long fusedRows,
            long hotRows,
            long hnswRows,
            NavigableMap<String, Long> formats) {
        /// Copies the map.
        public Vectored {
            formats = Collections.unmodifiableNavigableMap(new TreeMap<>(formats));
        }
    }

    /// Vectors in fused graphs, over all fields.
    public long fusedRows() {
        return vectors.values().stream().mapToLong(Vectored::fusedRows).sum();
    }

    /// Vectors in fused graphs that lie in hot memory, over all fields.
    public long hotRows() {
        return vectors.values().stream().mapToLong(Vectored::hotRows).sum();
    }

    /// Vectors in Lucene's graphs, over all fields.
    public long hnswRows() {
        return vectors.values().stream().mapToLong(Vectored::hnswRows).sum();
    }

    static CollectionStats of(IndexReader reader, Schema schema, boolean merging)
            throws IOException {
        TreeMap<String, Vectored> vectors = new TreeMap<>();
        for (String field : schema.fields().vectors().keySet()) {
            vectors.put(field, of(reader, RowDocuments.vector(field)));
        }
        return new CollectionStats(reader.numDocs(), reader.leaves().size(), vectors, merging);
    }

    private static Vectored of(IndexReader reader, String luceneField) throws IOException {
        long rows = 0;
        long fused = 0;
        long hot = 0;
        long hnsw = 0;
        TreeMap<String, Long> formats = new TreeMap<>();
        for (LeafReaderContext leaf : reader.leaves()) {
            FloatVectorValues values = leaf.reader().getFloatVectorValues(luceneField);
            if (values == null) {
                continue;
            }
            rows += values.size();
            KnnVectorsReader vectors = vectors(leaf.reader(), luceneField);
            formats.merge(format(leaf.reader(), luceneField), (long) values.size(), Long::sum);
            if (vectors instanceof HnswGraphProvider graphs) {
                HnswGraph graph = graphs.getGraph(luceneField);
                hnsw += graph == null ? 0 : graph.size();
            } else if (vectors != null) {
                fused += FusedVectorsFormat.graphVertices(vectors, luceneField);
                hot += FusedVectorsFormat.hotVertices(vectors, luceneField);
            }
        }
        return new Vectored(rows, fused, hot, hnsw, formats);
    }

    private static String format(LeafReader leaf, String luceneField) {
        KnnVectorsReader vectors = vectors(leaf, luceneField);
        if (vectors instanceof HnswGraphProvider) {
            return kept(leaf, luceneField).map(VectorKeeping::text).orElse("float32");
        }
        boolean graph =
                vectors != null && FusedVectorsFormat.graphVertices(vectors, luceneField) > 0;
        return graph ? VectorKeeping.FUSED.text() : "flat";
    }

    private static Optional<VectorKeeping> kept(LeafReader leaf, String luceneField) {
        return Optional.ofNullable(leaf.getFieldInfos().fieldInfo(luceneField))
                .flatMap(QuernVectorsFormat::keeping);
    }

    /// The coarsest way in which a segment in Lucene's format keeps the vectors, with a graph or
    /// without; empty if there is no such segment.
    ///
    /// @param field a vector field
    static Optional<VectorKeeping> coarsestHnsw(IndexReader reader, String field) {
        String luceneField = RowDocuments.vector(field);
        VectorKeeping coarsest = null;
        for (LeafReaderContext leaf : reader.leaves()) {
            if (vectors(leaf.reader(), luceneField) instanceof HnswGraphProvider) {
                VectorKeeping kept = kept(leaf.reader(), luceneField).orElse(VectorKeeping.INT8);
                coarsest = coarsest == null || kept.compareTo(coarsest) > 0 ? kept : coarsest;
            }
        }
        return Optional.ofNullable(coarsest);
    }

    /// What reads a segment's vectors; null where it has none.
    static @Nullable KnnVectorsReader codecVectors(LeafReader leaf) {
        return ((CodecReader) FilterLeafReader.unwrap(leaf)).getVectorReader();
    }

    private static @Nullable KnnVectorsReader vectors(LeafReader leaf, String luceneField) {
        KnnVectorsReader all = codecVectors(leaf);
        return all instanceof PerFieldKnnVectorsFormat.FieldsReader fields
                ? fields.getFieldReader(luceneField)
                : all;
    }
}
