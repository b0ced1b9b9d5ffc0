package dev.quern.vector.fused;

import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;
import org.apache.lucene.codecs.KnnVectorsReader;
import org.apache.lucene.codecs.perfield.PerFieldKnnVectorsFormat;
import org.apache.lucene.index.FieldInfo;
import org.apache.lucene.index.FloatVectorValues;
import org.apache.lucene.index.MergeState;

/// A graph of a segment that is merged, to go on from: its edges are kept, and only the vectors of
/// the other segments are inserted.
///
/// @param blocks of the old graph
/// @param vertices by old vertex: the vertex in the merged segment, or -1 if it is deleted
/// @param alive how many are not deleted
record MergeBase(Blocks blocks, int[] vertices, int alive) {
    /// Of the merged vectors, the least share that is worth it.
    private static final double MIN_SHARE = 0.4;

    /// Of the old graph's vertices: with fewer left, its edges lead nowhere too often.
    private static final double MIN_ALIVE = 0.7;

    /// The largest graph among those that are merged, if there is one that helps.
    ///
    /// @param docs documents of the merged vectors, ascending
    static Optional<MergeBase> find(FieldInfo field, MergeState state, int[] docs, long seed)
            throws IOException {
        Optional<MergeBase> best = Optional.empty();
        for (int i = 0; i < state.knnVectorsReaders.length; i++) {
            KnnVectorsReader reader = state.knnVectorsReaders[i];
            if (reader instanceof PerFieldKnnVectorsFormat.FieldsReader fields) {
                reader = fields.getFieldReader(field.name);
            }
            if (reader instanceof FusedReader fused) {
                Optional<Blocks> blocks = fused.graph(field.name, seed);
                if (blocks.isPresent()) {
                    FloatVectorValues values = fused.getFloatVectorValues(field.name);
                    MergeBase base = of(blocks.get(), values, state.docMaps[i], docs);
                    if (base.helps(docs.length)
                            && (best.isEmpty() || base.alive > best.get().alive)) {
                        best = Optional.of(base);
                    }
                }
            }
        }
        return best;
    }

    private static MergeBase of(
            Blocks blocks, FloatVectorValues values, MergeState.DocMap map, int[] docs) {
        int[] vertices = new int[blocks.count()];
        int alive = 0;
        for (int old = 0; old < vertices.length; old++) {
            int doc = map.get(values.ordToDoc(old));
            vertices[old] = doc < 0 ? -1 : Math.max(-1, Arrays.binarySearch(docs, doc));
            alive += vertices[old] < 0 ? 0 : 1;
        }
        return new MergeBase(blocks, vertices, alive);
    }

    private boolean helps(int merged) {
        return alive >= MIN_SHARE * merged && alive >= MIN_ALIVE * blocks.count();
    }
}
