package dev.quern.vector.fused;

import com.google.errorprone.annotations.MustBeClosed;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.lucene.codecs.CodecUtil;
import org.apache.lucene.codecs.KnnVectorsReader;
import org.apache.lucene.codecs.hnsw.FlatVectorsFormat;
import org.apache.lucene.codecs.hnsw.FlatVectorsReader;
import org.apache.lucene.index.ByteVectorValues;
import org.apache.lucene.index.CorruptIndexException;
import org.apache.lucene.index.FieldInfo;
import org.apache.lucene.index.FieldInfos;
import org.apache.lucene.index.FloatVectorValues;
import org.apache.lucene.index.IndexFileNames;
import org.apache.lucene.index.SegmentReadState;
import org.apache.lucene.search.AcceptDocs;
import org.apache.lucene.search.DocAndFloatFeatureBuffer;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.search.KnnCollector;
import org.apache.lucene.search.VectorScorer;
import org.apache.lucene.store.ChecksumIndexInput;
import org.apache.lucene.store.DataAccessHint;
import org.apache.lucene.store.DataInput;
import org.apache.lucene.store.IndexInput;
import org.apache.lucene.util.IOUtils;
import org.jspecify.annotations.Nullable;

/// Reads what [FusedWriter] wrote. Thread-safe but for closing.
final class FusedReader extends KnnVectorsReader {
    private final FieldInfos fields;
    private final FlatVectorsReader flat;
    private final List<Closeable> owned = new ArrayList<>();
    private final Map<String, GraphSearch> graphs = new HashMap<>();
    private final Map<String, GraphMeta> metas = new HashMap<>();
    private @Nullable IndexInput blocks;

    private FusedReader(FieldInfos fields, FlatVectorsReader flat) {
        this.fields = fields;
        this.flat = flat;
        owned.add(flat);
    }

    /// Opens a segment's vectors.
    ///
    /// @throws CorruptIndexException if the metadata is damaged, or a file is of another length
    @MustBeClosed
    static FusedReader open(SegmentReadState state, FlatVectorsFormat format, Kernel kernel)
            throws IOException {
        FusedReader reader = new FusedReader(state.fieldInfos, format.fieldsReader(state));
        try {
            reader.readMeta(state, kernel);
            return reader;
        } catch (IOException | RuntimeException e) {
            IOUtils.closeWhileHandlingException(reader);
            throw e;
        }
    }

    private void readMeta(SegmentReadState state, Kernel kernel) throws IOException {
        List<GraphMeta> found = new ArrayList<>();
        try (ChecksumIndexInput in =
                state.directory.openChecksumInput(name(state, FusedVectorsFormat.META_EXTENSION))) {
            Throwable failure = null;
            try {
                header(in, state, FusedVectorsFormat.META_CODEC);
                for (int number = in.readInt(); number != -1; number = in.readInt()) {
                    found.add(GraphMeta.read(number, in, state.fieldInfos));
                }
            } catch (EOFException | RuntimeException e) {
                failure = new CorruptIndexException("metadata cannot be read: " + e, in, e);
            } catch (IOException e) {
                failure = e;
            } finally {
                CodecUtil.checkFooter(in, failure);
            }
        }
        if (!found.isEmpty()) {
            openBlocks(state, found, kernel);
        }
    }

    /// The blocks of a field's graph, for a merge, if its vectors are rotated by this seed.
    Optional<Blocks> graph(String field, long seed) {
        GraphMeta meta = metas.get(field);
        GraphSearch graph = graphs.get(field);
        return meta == null || graph == null || meta.seed() != seed
                ? Optional.empty()
                : graph.blocks();
    }

    /// A field's graph, if it has one.
    Optional<GraphSearch> graph(String field) {
        return Optional.ofNullable(graphs.get(field));
    }

    /// Vertices of a field's graph, 0 where it has none and its vectors are compared one by one.
    int vertices(String field) {
        GraphMeta meta = metas.get(field);
        return meta == null ? 0 : meta.count();
    }

    /// Whether a field's graph lies in [HotMemory].
    boolean isHot(String field) {
        GraphSearch graph = graphs.get(field);
        return graph != null && graph.isHot();
    }

    private static String name(SegmentReadState state, String extension) {
        return IndexFileNames.segmentFileName(
                state.segmentInfo.name, state.segmentSuffix, extension);
    }

    private static void header(DataInput in, SegmentReadState state, String codec)
            throws IOException {
        CodecUtil.checkIndexHeader(
                in,
                codec,
                FusedVectorsFormat.VERSION,
                FusedVectorsFormat.VERSION,
                state.segmentInfo.getId(),
                state.segmentSuffix);
    }

    private void openBlocks(SegmentReadState state, List<GraphMeta> found, Kernel kernel)
            throws IOException {
        IndexInput in =
                state.directory.openInput(
                        name(state, FusedVectorsFormat.BLOCKS_EXTENSION),
                        state.context.withHints(DataAccessHint.RANDOM));
        owned.add(in);
        blocks = in;
        header(in, state, FusedVectorsFormat.BLOCKS_CODEC);
        CodecUtil.retrieveChecksum(in);
        long end = in.length() - CodecUtil.footerLength();
        for (GraphMeta graph : found) {
            FieldInfo info = fields.fieldInfo(graph.field());
            FloatVectorValues values = vectors(info, in);
            if (graph.start() > end - graph.bytes() || values.size() != graph.count()) {
                throw new CorruptIndexException(
                        graph + " of " + values.size() + " vectors reaches beyond offset " + end,
                        in);
            }
            HotBlocks hot = new HotBlocks(in, graph);
            owned.addFirst(hot);
            metas.put(info.name, graph);
            CodeTable codes = new CodeTable(graph, kernel);
            owned.addFirst(codes);
            graphs.put(info.name, new GraphSearch(graph, hot, codes, kernel));
        }
    }

    private FloatVectorValues vectors(FieldInfo info, IndexInput in) throws IOException {
        try {
            return flat.getFloatVectorValues(info.name);
        } catch (IllegalArgumentException e) {
            throw new CorruptIndexException("no vectors of field " + info.name + " here", in, e);
        }
    }

    @Override
    public void search(String field, float[] target, KnnCollector collector, AcceptDocs acceptDocs)
            throws IOException {
        FloatVectorValues values = flat.getFloatVectorValues(field);
        if (values == null || values.size() == 0 || collector.k() == 0) {
            return;
        }
        GraphSearch graph = graphs.get(field);
        GraphSearch.Outcome outcome = GraphSearch.NOT_WALKED;
        AcceptDocs accept = acceptDocs.bits() == null ? null : acceptDocs;
        if (graph != null) {
            outcome = graph.search(target, collector, values, accept);
            if (outcome.done()) {
                return;
            }
        }
        int compared = compareAll(values.scorer(target), accept, outcome, collector);
        FusedStrategy.of(collector.getSearchStrategy())
                .ifPresent(strategy -> strategy.comparedAll(compared));
    }

    @Override
    public void search(String field, byte[] target, KnnCollector collector, AcceptDocs acceptDocs)
            throws IOException {
        ByteVectorValues values = flat.getByteVectorValues(field);
        if (values != null && values.size() > 0 && collector.k() > 0) {
            compareAll(values.scorer(target), acceptDocs, GraphSearch.NOT_WALKED, collector);
        }
    }

    /// Compares the accepted documents one by one.
    ///
    /// @param accept null for all
    /// @param before what a walk came to; after one, comparisons are not counted as visits, because
    ///   Lucene allows for as many visits as documents are accepted, and begins anew beyond
    /// @return how many
    private static int compareAll(
            @Nullable VectorScorer scorer,
            @Nullable AcceptDocs accept,
            GraphSearch.Outcome before,
            KnnCollector collector)
            throws IOException {
        if (scorer == null) {
            return 0;
        }
        int compared = 0;
        VectorScorer.Bulk bulk = scorer.bulk(accept == null ? null : accept.iterator());
        DocAndFloatFeatureBuffer buffer = new DocAndFloatFeatureBuffer();
        do {
            if (collector.earlyTerminated()) {
                return compared;
            }
            bulk.nextDocsAndScores(DocIdSetIterator.NO_MORE_DOCS, null, buffer);
            compared += buffer.size;
            if (!before.walked()) {
                collector.incVisitedCount(buffer.size);
            }
            for (int i = 0; i < buffer.size; i++) {
                if (Arrays.binarySearch(before.collected(), buffer.docs[i]) < 0) {
                    collector.collect(buffer.docs[i], buffer.features[i]);
                }
            }
        } while (buffer.size > 0);
        return compared;
    }

    @Override
    public FloatVectorValues getFloatVectorValues(String field) throws IOException {
        return flat.getFloatVectorValues(field);
    }

    @Override
    public FloatVectorValues getFloatVectorValues(String field, DataAccessHint hint)
            throws IOException {
        return flat.getFloatVectorValues(field, hint);
    }

    @Override
    public ByteVectorValues getByteVectorValues(String field) throws IOException {
        return flat.getByteVectorValues(field);
    }

    @Override
    public int getVectorCount(FieldInfo field) throws IOException {
        return flat.getVectorCount(field);
    }

    @Override
    public Map<String, Long> getOffHeapByteSize(FieldInfo field) {
        GraphMeta graph = metas.get(field.name);
        Map<String, Long> sizes = flat.getOffHeapByteSize(field);
        return graph == null
                ? sizes
                : mergeOffHeapByteSizeMaps(
                        sizes, Map.of(FusedVectorsFormat.BLOCKS_EXTENSION, graph.bytes()));
    }

    @Override
    public void checkIntegrity() throws IOException {
        flat.checkIntegrity();
        if (blocks != null) {
            CodecUtil.checksumEntireFile(blocks);
        }
    }

    @Override
    public void close() throws IOException {
        IOUtils.close(owned);
    }
}
