package dev.quern.vector;

import java.io.IOException;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.codecs.KnnVectorsReader;
import org.apache.lucene.codecs.KnnVectorsWriter;
import org.apache.lucene.codecs.lucene99.Lucene99HnswVectorsFormat;
import org.apache.lucene.index.SegmentReadState;
import org.apache.lucene.index.SegmentWriteState;
import org.apache.lucene.store.IOContext;

/// Lucene's HNSW over 32-bit floats (M 16, beam 100) with two changes: vectors have up to 16,384
/// dimensions, and only merges build a graph. A freshly flushed segment is compared vector by
/// vector, so that a write costs no graph work on the path to its acknowledgement; it is small
/// until a merge, which has a thread of its own, takes it in. On disk it is Lucene's own format, by
/// whose name it is read back.
final class QuernVectorsFormat extends KnnVectorsFormat {
    private static final int MAX_CONNECTIONS = 16;
    private static final int BEAM_WIDTH = 100;

    /// A segment of n rows gets a graph when n > ln(n) * threshold: 600 makes that about 5,100.
    private static final int MERGE_THRESHOLD = 600;

    private static final int NEVER = 1 << 28;

    private final KnnVectorsFormat flushing = hnsw(NEVER);
    private final KnnVectorsFormat merging = hnsw(MERGE_THRESHOLD);

    QuernVectorsFormat() {
        super("Lucene99HnswVectorsFormat");
    }

    private static KnnVectorsFormat hnsw(int tinySegmentsThreshold) {
        return new Lucene99HnswVectorsFormat(
                MAX_CONNECTIONS, BEAM_WIDTH, 1, null, tinySegmentsThreshold);
    }

    @Override
    public KnnVectorsWriter fieldsWriter(SegmentWriteState state) throws IOException {
        boolean merge = state.context.context() == IOContext.Context.MERGE;
        return (merge ? merging : flushing).fieldsWriter(state);
    }

    @Override
    public KnnVectorsReader fieldsReader(SegmentReadState state) throws IOException {
        return merging.fieldsReader(state);
    }

    @Override
    public int getMaxDimensions(String fieldName) {
        return CollectionSpec.MAX_DIMS;
    }
}
