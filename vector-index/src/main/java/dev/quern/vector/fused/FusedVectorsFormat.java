package dev.quern.vector.fused;

import java.io.IOException;
import java.util.Optional;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.codecs.KnnVectorsReader;
import org.apache.lucene.codecs.KnnVectorsWriter;
import org.apache.lucene.codecs.hnsw.FlatVectorScorerUtil;
import org.apache.lucene.codecs.hnsw.FlatVectorsFormat;
import org.apache.lucene.codecs.lucene99.Lucene99FlatVectorsFormat;
import org.apache.lucene.codecs.perfield.PerFieldKnnVectorsFormat;
import org.apache.lucene.index.SegmentReadState;
import org.apache.lucene.index.SegmentWriteState;
import org.apache.lucene.store.IOContext;

/// Vectors with a fused graph. All vectors lie in Lucene's flat format (`.vec`, `.vemf`), from
/// which they are read back, merged and compared exactly. A merge that ends with enough float
/// vectors in a field also writes a graph over them:
///
/// `.qvm`, metadata, little-endian as Lucene writes it:
///
/// | field | type | |
/// |---|---|---|
/// | header | index header | codec `QuernFusedMeta`, version 1, segment id, suffix |
/// | per field that has a graph: | | |
/// | number | int | the field's number, 0 or more |
/// | similarity | byte | 0 Euclidean, 1 dot product, 2 cosine, 3 maximum inner product |
/// | dims | int | dimensions of the field |
/// | count | int | vertices, one for each vector of the field; vertex v is ordinal v |
/// | entry | int | the vertex where walks begin |
/// | seed | long | of the rotation |
/// | start | long | offset of the first block in `.qvb`, a multiple of 64 |
/// | end | int | -1 |
/// | footer | footer | CRC-32 of all before it, checked when the file is opened |
///
/// `.qvb`, blocks, only in a segment that has a graph: an index header (codec `QuernFusedBlocks`,
/// version 1), each field's blocks from a multiple of 64 bytes, a footer whose checksum
/// `checkIntegrity` verifies. A block of W dimensions (dims rounded up to a multiple of 64) has `8
/// W + 384` bytes, little-endian:
///
/// | offset | type | |
/// |---|---|---|
/// | 0 | W floats | the vector, rotated; under cosine scaled to length 1 first |
/// | 4 W | W / 32 rows of 32 ints | codes: bit b of int s of row w is 1 if coordinate 32 w + b of neighbour s's residual is at least 0 |
/// | 8 W | 32 floats | constant terms: a distance estimate is `d + constant + factor * <signs, query>`, d the exact distance to the block's vector; infinite in a slot without a neighbour |
/// | 8 W + 128 | 32 floats | factors |
/// | 8 W + 256 | 32 ints | ids of the neighbours; its own id in a slot without one |
///
/// The rotation belongs to the format: [Rotation] says how it follows from W and the seed. A reader
/// refuses another version. A graph is a derived thing: losing it costs time, never a vector. Any
/// bytes give a search result or a `CorruptIndexException` that names the file and the offset.
///
/// Disk for 384 dims: 1,536 bytes a vector flat and 3,456 in its block; memory: the blocks alone.
public final class FusedVectorsFormat extends KnnVectorsFormat {
    static final String NAME = "QuernFused";
    static final String META_CODEC = "QuernFusedMeta";
    static final String META_EXTENSION = "qvm";
    static final String BLOCKS_CODEC = "QuernFusedBlocks";
    static final String BLOCKS_EXTENSION = "qvb";
    static final int VERSION = 1;
    static final int ALIGNMENT = 64;

    private static final int MAX_DIMS = 16_384;

    private final FlatVectorsFormat flat =
            new Lucene99FlatVectorsFormat(FlatVectorScorerUtil.getLucene99FlatVectorsScorer());
    private final FusedConfig config;

    /// With the defaults; Lucene makes it so when it reads.
    public FusedVectorsFormat() {
        this(FusedConfig.DEFAULTS);
    }

    public FusedVectorsFormat(FusedConfig config) {
        super(NAME);
        this.config = config;
    }

    @Override
    @SuppressWarnings("MustBeClosed")
    public KnnVectorsWriter fieldsWriter(SegmentWriteState state) throws IOException {
        boolean merge = state.context.context() == IOContext.Context.MERGE;
        return FusedWriter.open(state, flat, merge ? config : FusedConfig.FLAT_ONLY);
    }

    @Override
    @SuppressWarnings("MustBeClosed")
    public KnnVectorsReader fieldsReader(SegmentReadState state) throws IOException {
        return FusedReader.open(state, flat, Kernel.best());
    }

    /// How many of a segment's vectors a graph finds: all of the field's, or 0.
    ///
    /// @param reader of a segment, of this format or any other
    public static int graphVertices(KnnVectorsReader reader, String field) {
        return own(reader, field) instanceof FusedReader fused ? fused.vertices(field) : 0;
    }

    /// As [#graphVertices], but 0 while the graph does not lie in [HotMemory].
    public static int hotVertices(KnnVectorsReader reader, String field) {
        return own(reader, field) instanceof FusedReader fused && fused.isHot(field)
                ? fused.vertices(field)
                : 0;
    }

    /// A field's graph in a segment, if it has one.
    static Optional<GraphSearch> graph(KnnVectorsReader reader, String field) {
        return own(reader, field) instanceof FusedReader fused
                ? fused.graph(field)
                : Optional.empty();
    }

    private static KnnVectorsReader own(KnnVectorsReader reader, String field) {
        return reader instanceof PerFieldKnnVectorsFormat.FieldsReader fields
                ? fields.getFieldReader(field)
                : reader;
    }

    @Override
    public int getMaxDimensions(String fieldName) {
        return MAX_DIMS;
    }
}
