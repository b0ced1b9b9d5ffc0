package dev.quern.vector;

import dev.quern.vector.fused.FusedVectorsFormat;
import java.io.IOException;
import org.apache.lucene.codecs.KnnVectorsReader;
import org.apache.lucene.codecs.hnsw.HnswGraphProvider;
import org.apache.lucene.codecs.perfield.PerFieldKnnVectorsFormat;
import org.apache.lucene.index.CodecReader;
import org.apache.lucene.index.FilterLeafReader;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.util.hnsw.HnswGraph;

/// How a collection's rows are indexed at one moment. Rows that no graph finds are compared one by
/// one. Those of graphs are counted as they were when the graph was built, those deleted since
/// included.
///
/// @param rows live rows
/// @param segments Lucene segments
/// @param fusedRows rows in fused graphs
/// @param hotRows of these, rows in graphs that lie in hot memory; the others are read from the
///   mapped file
/// @param hnswRows rows in Lucene's graphs
/// @param merging whether segments are being merged
public record CollectionStats(
        long rows, int segments, long fusedRows, long hotRows, long hnswRows, boolean merging) {
    static CollectionStats of(IndexReader reader, boolean merging) throws IOException {
        long fused = 0;
        long hot = 0;
        long hnsw = 0;
        for (LeafReaderContext leaf : reader.leaves()) {
            if (vectors(leaf.reader()) instanceof HnswGraphProvider graphs) {
                HnswGraph graph = graphs.getGraph(RowDocuments.VECTOR);
                hnsw += graph == null ? 0 : graph.size();
            } else {
                KnnVectorsReader vectors = vectors(leaf.reader());
                fused += FusedVectorsFormat.graphVertices(vectors, RowDocuments.VECTOR);
                hot += FusedVectorsFormat.hotVertices(vectors, RowDocuments.VECTOR);
            }
        }
        return new CollectionStats(
                reader.numDocs(), reader.leaves().size(), fused, hot, hnsw, merging);
    }

    /// Whether some segment is in Lucene's format, with a graph or without.
    static boolean anyHnsw(IndexReader reader) {
        return reader.leaves().stream()
                .anyMatch(leaf -> vectors(leaf.reader()) instanceof HnswGraphProvider);
    }

    private static KnnVectorsReader vectors(LeafReader leaf) {
        KnnVectorsReader all = ((CodecReader) FilterLeafReader.unwrap(leaf)).getVectorReader();
        return all instanceof PerFieldKnnVectorsFormat.FieldsReader fields
                ? fields.getFieldReader(RowDocuments.VECTOR)
                : all;
    }
}
