package dev.quern.vector.fused;

import com.google.errorprone.annotations.MustBeClosed;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.apache.lucene.codecs.CodecUtil;
import org.apache.lucene.codecs.KnnFieldVectorsWriter;
import org.apache.lucene.codecs.KnnVectorsWriter;
import org.apache.lucene.codecs.hnsw.FlatVectorsFormat;
import org.apache.lucene.codecs.hnsw.FlatVectorsWriter;
import org.apache.lucene.index.FieldInfo;
import org.apache.lucene.index.FloatVectorValues;
import org.apache.lucene.index.IndexFileNames;
import org.apache.lucene.index.KnnVectorValues;
import org.apache.lucene.index.MergeState;
import org.apache.lucene.index.SegmentWriteState;
import org.apache.lucene.index.Sorter;
import org.apache.lucene.index.VectorEncoding;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.store.IndexOutput;
import org.apache.lucene.util.IORunnable;
import org.apache.lucene.util.IOUtils;
import org.apache.lucene.util.VectorUtil;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Writes vectors flat, and graphs at merges. Used by one thread, which closes it.
final class FusedWriter extends KnnVectorsWriter {
    private static final Logger log = LoggerFactory.getLogger(FusedWriter.class);
    private static final int COPY_BYTES = 1 << 20;
    private static final int ABORT_CHECK_VECTORS = 1 << 10;

    /// Of every rotation that this version writes.
    private static final long SEED = 0x51_75_65_72_6e_00_00_01L;

    private final SegmentWriteState state;
    private final FlatVectorsWriter flat;
    private final FusedConfig config;
    private final IndexOutput meta;
    private @Nullable IndexOutput blocks;

    private FusedWriter(
            SegmentWriteState state, FlatVectorsWriter flat, FusedConfig config, IndexOutput meta) {
        this.state = state;
        this.flat = flat;
        this.config = config;
        this.meta = meta;
    }

    @MustBeClosed
    static FusedWriter open(SegmentWriteState state, FlatVectorsFormat format, FusedConfig config)
            throws IOException {
        FlatVectorsWriter flat = format.fieldsWriter(state);
        try {
            IndexOutput meta =
                    create(state, FusedVectorsFormat.META_EXTENSION, FusedVectorsFormat.META_CODEC);
            return new FusedWriter(state, flat, config, meta);
        } catch (IOException | RuntimeException e) {
            IOUtils.closeWhileHandlingException(flat);
            throw e;
        }
    }

    private static IndexOutput create(SegmentWriteState state, String extension, String codec)
            throws IOException {
        String name =
                IndexFileNames.segmentFileName(
                        state.segmentInfo.name, state.segmentSuffix, extension);
        IndexOutput out = state.directory.createOutput(name, state.context);
        try {
            CodecUtil.writeIndexHeader(
                    out,
                    codec,
                    FusedVectorsFormat.VERSION,
                    state.segmentInfo.getId(),
                    state.segmentSuffix);
            return out;
        } catch (IOException | RuntimeException e) {
            IOUtils.closeWhileHandlingException(out);
            throw e;
        }
    }

    @Override
    public KnnFieldVectorsWriter<?> addField(FieldInfo field) throws IOException {
        return flat.addField(field);
    }

    @Override
    public void flush(int maxDoc, Sorter.@Nullable DocMap sortMap) throws IOException {
        flat.flush(maxDoc, sortMap);
    }

    @Override
    public @Nullable IORunnable mergeOneField(FieldInfo field, MergeState mergeState)
            throws IOException {
        flat.mergeOneFlatVectorField(field, mergeState);
        return field.getVectorEncoding() == VectorEncoding.FLOAT32
                ? () -> writeGraph(field, mergeState)
                : null;
    }

    private void writeGraph(FieldInfo field, MergeState mergeState) throws IOException {
        BlockLayout layout = BlockLayout.of(field.getVectorDimension());
        int size = MergedVectorValues.mergeFloatVectorValues(field, mergeState).size();
        if (size < config.minVectors() || !config.holds(size, layout.dims())) {
            return;
        }
        long bytes = FusedConfig.buildBytes(size, layout.dims());
        try (BuildMemory.Lease _ = config.memory().take(bytes, mergeState::checkAborted);
                Arena arena = Arena.ofShared()) {
            MemorySegment memory = HotMemory.allocate((long) size * layout.bytes(), arena);
            float[] lengths = new float[size];
            int[] docs = new int[size];
            int count = load(field, mergeState, layout, memory, docs);
            if (count < config.minVectors()) {
                return;
            }
            Crew crew = crew(mergeState);
            MemorySegment side = HotMemory.allocate((long) count * Edges.SIDE_BYTES, arena);
            Blocks built = new Blocks(memory, layout, count, field.name, 0);
            rotate(field, built, crew, lengths);
            Measure measure = measure(field, Arrays.copyOf(lengths, count));
            Optional<MergeBase> base =
                    MergeBase.find(field, mergeState, Arrays.copyOf(docs, count), SEED);
            log.debug(
                    "graph of {} vectors of {}, of which {} have edges",
                    count,
                    field.name,
                    base.map(MergeBase::alive).orElse(0));
            int entry = new GraphBuilder(Kernel.best(), built, measure, side, crew).build(base);
            append(field, built, entry);
        }
    }

    private Crew crew(MergeState mergeState) {
        Executor executor = mergeState.intraMergeTaskExecutor;
        return new Crew(
                executor, executor == null ? 1 : config.threads(), mergeState::checkAborted);
    }

    /// Copies every vector of the merge into its block.
    ///
    /// @param documents receives the documents
    /// @return the number of vectors
    private static int load(
            FieldInfo field,
            MergeState mergeState,
            BlockLayout layout,
            MemorySegment memory,
            int[] documents)
            throws IOException {
        FloatVectorValues values = MergedVectorValues.mergeFloatVectorValues(field, mergeState);
        KnnVectorValues.DocIndexIterator docs = values.iterator();
        int count = 0;
        for (int doc = docs.nextDoc(); doc != DocIdSetIterator.NO_MORE_DOCS; doc = docs.nextDoc()) {
            documents[count] = doc;
            if (count % ABORT_CHECK_VECTORS == 0) {
                mergeState.checkAborted();
            }
            float[] vector = values.vectorValue(docs.index());
            long at = (long) count * layout.bytes();
            MemorySegment.copy(vector, 0, memory, Kernel.FLOAT, at, vector.length);
            count++;
        }
        return count;
    }

    /// Rotates every vector in its block.
    ///
    /// @param squares receives the squared lengths
    private static void rotate(FieldInfo field, Blocks blocks, Crew crew, float[] squares)
            throws IOException {
        boolean unit = field.getVectorSimilarityFunction() == VectorSimilarityFunction.COSINE;
        Kernel kernel = Kernel.best();
        int width = blocks.layout().width();
        Rotation rotation = new Rotation(width, SEED);
        crew.each(
                blocks.count(),
                () -> new Turn(blocks.layout()),
                (turn, vertex) -> {
                    MemorySegment memory = blocks.memory();
                    long at = blocks.at(vertex);
                    MemorySegment.copy(
                            memory, Kernel.FLOAT, at, turn.vector, 0, turn.vector.length);
                    float scale = unit ? unitScale(turn.vector) : 1;
                    rotation.apply(kernel, turn.vector, scale, turn.spare, turn.rotated);
                    squares[vertex] = VectorUtil.dotProduct(turn.rotated, turn.rotated);
                    MemorySegment.copy(turn.rotated, 0, memory, Kernel.FLOAT, at, width);
                });
    }

    /// What one thread rotates with.
    private static final class Turn {
        final float[] vector;
        final float[] spare;
        final float[] rotated;

        Turn(BlockLayout layout) {
            this.vector = new float[layout.dims()];
            this.spare = new float[layout.width()];
            this.rotated = new float[layout.width()];
        }
    }

    /// What brings a vector to length 1; 0 for the zero vector.
    static float unitScale(float[] vector) {
        double square = 0;
        for (float x : vector) {
            square += (double) x * x;
        }
        return square == 0 ? 0 : (float) (1 / Math.sqrt(square));
    }

    private static Measure measure(FieldInfo field, float[] squares) {
        if (field.getVectorSimilarityFunction() == VectorSimilarityFunction.EUCLIDEAN) {
            return Measure.of(false);
        }
        return Measure.forBuild(squares);
    }

    private void append(FieldInfo field, Blocks built, int entry) throws IOException {
        if (blocks == null) {
            blocks =
                    create(
                            state,
                            FusedVectorsFormat.BLOCKS_EXTENSION,
                            FusedVectorsFormat.BLOCKS_CODEC);
        }
        long start = blocks.alignFilePointer(FusedVectorsFormat.ALIGNMENT);
        GraphMeta graph =
                new GraphMeta(
                        field.number,
                        field.getVectorSimilarityFunction(),
                        field.getVectorDimension(),
                        built.count(),
                        entry,
                        SEED,
                        start);
        byte[] buffer = new byte[COPY_BYTES];
        for (long at = 0; at < graph.bytes(); at += COPY_BYTES) {
            int length = (int) Math.min(COPY_BYTES, graph.bytes() - at);
            MemorySegment.copy(built.memory(), at, MemorySegment.ofArray(buffer), 0, length);
            blocks.writeBytes(buffer, length);
        }
        graph.write(meta);
    }

    @Override
    public void finish() throws IOException {
        flat.finish();
        meta.writeInt(-1);
        CodecUtil.writeFooter(meta);
        if (blocks != null) {
            CodecUtil.writeFooter(blocks);
        }
    }

    @Override
    public long ramBytesUsed() {
        return flat.ramBytesUsed();
    }

    @Override
    public void close() throws IOException {
        IOUtils.close(flat, meta, blocks);
    }
}
