package dev.quern.vector;

import static java.util.Objects.requireNonNull;

import dev.quern.vector.fused.FusedConfig;
import dev.quern.vector.fused.FusedVectorsFormat;
import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.codecs.KnnVectorsReader;
import org.apache.lucene.codecs.KnnVectorsWriter;
import org.apache.lucene.codecs.lucene104.Lucene104HnswScalarQuantizedVectorsFormat;
import org.apache.lucene.codecs.perfield.PerFieldKnnVectorsFormat;
import org.apache.lucene.index.FieldInfo;
import org.apache.lucene.index.SegmentReadState;
import org.apache.lucene.index.SegmentWriteState;
import org.apache.lucene.store.IOContext;
import org.apache.lucene.util.quantization.QuantizedByteVectorValues.ScalarEncoding;

/// Keeps the vectors of each field of a new segment as [VectorKeeping] says: flat or with a graph
/// of blocks ([FusedVectorsFormat]), or in Lucene's HNSW format over quantized vectors (M 16, beam
/// 100), which keeps the 32-bit floats, too. The field's attribute `quern.keeping` names the
/// choice.
///
/// A write costs no graph work on the path to its acknowledgement; a merge has threads of its own.
/// Segments name their format and are read by that name, so those of earlier versions, all in
/// Lucene's format over floats, stay readable, and merges take them in.
final class QuernVectorsFormat extends KnnVectorsFormat {
    private static final String KEEPING = "quern.keeping";
    private static final int MAX_CONNECTIONS = 16;
    private static final int BEAM_WIDTH = 100;

    /// A segment of n rows gets Lucene's graph when n > ln(n) * threshold: 600 makes that about
    /// 5,100.
    private static final int TINY_SEGMENT_THRESHOLD = 600;

    private final FusedConfig config;
    private final Map<VectorKeeping, KnnVectorsFormat> formats = new EnumMap<>(VectorKeeping.class);

    QuernVectorsFormat(FusedConfig config) {
        super(PerFieldKnnVectorsFormat.PER_FIELD_NAME);
        this.config = config;
        formats.put(VectorKeeping.FUSED, new FusedVectorsFormat(config));
        formats.put(VectorKeeping.INT8, quantized(ScalarEncoding.UNSIGNED_BYTE));
        formats.put(VectorKeeping.INT4, quantized(ScalarEncoding.PACKED_NIBBLE));
        formats.put(VectorKeeping.BIT, quantized(ScalarEncoding.SINGLE_BIT_QUERY_NIBBLE));
    }

    private KnnVectorsFormat quantized(ScalarEncoding encoding) {
        return new Lucene104HnswScalarQuantizedVectorsFormat(
                encoding,
                MAX_CONNECTIONS,
                BEAM_WIDTH,
                config.threads(),
                null,
                TINY_SEGMENT_THRESHOLD);
    }

    /// How the vectors of a merged segment's field are kept; empty in flushed segments, and in
    /// those of earlier versions.
    static Optional<VectorKeeping> keeping(FieldInfo field) {
        return VectorKeeping.find(field.getAttribute(KEEPING));
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
                return format(VectorKeeping.FUSED);
            }
        }.fieldsReader(state);
    }

    private KnnVectorsFormat format(VectorKeeping keeping) {
        return requireNonNull(formats.get(keeping));
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
            if (state.context.context() != IOContext.Context.MERGE) {
                // A flush begins before rows and fields are known.
                return format(VectorKeeping.FUSED);
            }
            FieldInfo info = state.fieldInfos.fieldInfo(field);
            VectorKeeping keeping =
                    VectorKeeping.choose(
                            state.segmentInfo.maxDoc(), info.getVectorDimension(), config);
            var _ = info.putAttribute(KEEPING, keeping.text());
            return format(keeping);
        }
    }
}
