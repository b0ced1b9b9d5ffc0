package dev.quern.vector;

import dev.quern.vector.fused.FusedConfig;
import dev.quern.vector.fused.FusedVectorsFormat;
import java.io.IOException;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.codecs.KnnVectorsReader;
import org.apache.lucene.codecs.KnnVectorsWriter;
import org.apache.lucene.codecs.lucene99.Lucene99HnswVectorsFormat;
import org.apache.lucene.codecs.perfield.PerFieldKnnVectorsFormat;
import org.apache.lucene.index.SegmentReadState;
import org.apache.lucene.index.SegmentWriteState;
import org.apache.lucene.store.IOContext;

/// Chooses how the vectors of a new segment are kept, field by field, by what the segment will
/// hold:
///
/// | segment | format |
/// |---|---|
/// | flushed, or merged and small | flat; its vectors are compared one by one |
/// | merged, from `minVectors` rows | [FusedVectorsFormat], with a graph of blocks |
/// | merged, and its graph would exceed `maxGraphBytes` | Lucene's HNSW over 32-bit floats (M 16, beam 100) |
///
/// A write thus costs no graph work on the path to its acknowledgement; a merge has threads of its
/// own. Segments name their format and are read by that name, so those of earlier versions, all in
/// Lucene's format, stay readable, and merges take them in.
final class QuernVectorsFormat extends KnnVectorsFormat {
    private static final int MAX_CONNECTIONS = 16;
    private static final int BEAM_WIDTH = 100;

    /// A segment of n rows gets Lucene's graph when n > ln(n) * threshold: 600 makes that about
    /// 5,100.
    private static final int TINY_SEGMENT_THRESHOLD = 600;

    private final FusedConfig config;
    private final KnnVectorsFormat fused;
    private final KnnVectorsFormat hnsw;

    QuernVectorsFormat(FusedConfig config) {
        super(PerFieldKnnVectorsFormat.PER_FIELD_NAME);
        this.config = config;
        this.fused = new FusedVectorsFormat(config);
        this.hnsw =
                new Lucene99HnswVectorsFormat(
                        MAX_CONNECTIONS,
                        BEAM_WIDTH,
                        config.threads(),
                        null,
                        TINY_SEGMENT_THRESHOLD);
    }

    @Override
    public KnnVectorsWriter fieldsWriter(SegmentWriteState state) throws IOException {
        return new PerSegment(state).fieldsWriter(state);
    }

    @Override
    public KnnVectorsReader fieldsReader(SegmentReadState state) throws IOException {
        return new PerFieldKnnVectorsFormat() {
            @Override
            public KnnVectorsFormat getKnnVectorsFormatForField(String field) {
                return fused;
            }
        }.fieldsReader(state);
    }

    @Override
    public int getMaxDimensions(String fieldName) {
        return VectorField.MAX_DIMS;
    }

    /// The choice for one new segment.
    private final class PerSegment extends PerFieldKnnVectorsFormat {
        private final SegmentWriteState state;

        PerSegment(SegmentWriteState state) {
            this.state = state;
        }

        @Override
        public KnnVectorsFormat getKnnVectorsFormatForField(String field) {
            // A flush begins before the number of rows is known.
            return state.context.context() == IOContext.Context.MERGE && isTooLarge(field)
                    ? hnsw
                    : fused;
        }

        private boolean isTooLarge(String field) {
            int rows = state.segmentInfo.maxDoc();
            int dims = state.fieldInfos.fieldInfo(field).getVectorDimension();
            return rows >= config.minVectors() && !config.holds(rows, dims);
        }
    }
}
