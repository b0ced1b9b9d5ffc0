package dev.quern.vector.fused;

import java.io.IOException;
import java.util.Optional;
import org.apache.lucene.codecs.KnnVectorsReader;
import org.apache.lucene.index.FloatVectorValues;
import org.apache.lucene.index.KnnVectorValues;

/// A vertex of one segment's graph that a walk is to go without, as if it had never been inserted:
/// its vector then serves as a query that the graph does not know. Its neighbours are as many
/// fewer, so the walk finds a little less than one of a graph that was built without it. An entry
/// vertex is walked nevertheless.
public final class HeldOut {
    private final GraphSearch graph;
    private final int vertex;

    private HeldOut(GraphSearch graph, int vertex) {
        this.graph = graph;
        this.vertex = vertex;
    }

    /// The vertex of a document.
    ///
    /// @param reader of the document's segment
    /// @param values of the field in the segment; is advanced
    /// @return empty where the segment has no fused graph, or the document no vector
    public static Optional<HeldOut> of(
            KnnVectorsReader reader, String field, FloatVectorValues values, int document)
            throws IOException {
        Optional<GraphSearch> graph = FusedVectorsFormat.graph(reader, field);
        KnnVectorValues.DocIndexIterator documents = values.iterator();
        return graph.isPresent() && documents.advance(document) == document
                ? Optional.of(new HeldOut(graph.get(), documents.index()))
                : Optional.empty();
    }

    /// The vertex, or [Walk#NO_VERTEX] if it is of another graph.
    int in(GraphSearch other) {
        return other == graph ? vertex : Walk.NO_VERTEX;
    }
}
