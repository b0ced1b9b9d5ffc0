package dev.quern.vector;

import dev.quern.vector.fused.HeldOut;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.apache.lucene.codecs.KnnVectorsReader;
import org.apache.lucene.index.FloatVectorValues;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.MultiBits;
import org.apache.lucene.index.ReaderUtil;
import org.apache.lucene.util.Bits;

/// A query by which widths are compared.
///
/// @param vector as it is indexed
/// @param doc the row whose vector it is, which is no answer to it; [#NO_DOC] for a live query
/// @param heldOut the vertex of that row, where it is in a fused graph
record TuneQuery(float[] vector, int doc, Optional<HeldOut> heldOut) {
    static final int NO_DOC = -1;

    /// Documents drawn for each row that is wanted: some are deleted or lack the field.
    private static final int DRAWS = 4;

    static TuneQuery live(float[] vector) {
        return new TuneQuery(vector, NO_DOC, Optional.empty());
    }

    /// Vectors of rows, drawn at random, the same ones of an index that has not changed. In the
    /// order in which they were drawn, so that any number of them is spread over the index.
    ///
    /// @param count at most so many
    static List<TuneQuery> stored(IndexReader reader, String field, int count) throws IOException {
        int documents = reader.maxDoc();
        if (documents == 0) {
            return List.of();
        }
        SplittableRandom random = new SplittableRandom(documents);
        Bits live = MultiBits.getLiveDocs(reader);
        List<Integer> drawn = new ArrayList<>();
        for (int i = 0; i < DRAWS * count; i++) {
            int doc = random.nextInt(documents);
            if (live == null || live.get(doc)) {
                drawn.add(doc);
            }
        }
        Map<Integer, float[]> vectors = new HashMap<>();
        RowReader.forEachVector(
                reader,
                List.copyOf(new TreeSet<>(drawn)),
                field,
                (doc, _, vector) -> vectors.put(doc, vector.clone()));
        List<TuneQuery> queries = new ArrayList<>();
        for (int doc : drawn) {
            float[] vector = vectors.remove(doc);
            if (vector != null && queries.size() < count) {
                queries.add(new TuneQuery(vector, doc, heldOut(reader, field, doc)));
            }
        }
        return queries;
    }

    private static Optional<HeldOut> heldOut(IndexReader reader, String field, int doc)
            throws IOException {
        LeafReaderContext leaf = reader.leaves().get(ReaderUtil.subIndex(doc, reader.leaves()));
        String luceneField = RowDocuments.vector(field);
        FloatVectorValues values = leaf.reader().getFloatVectorValues(luceneField);
        KnnVectorsReader vectors = CollectionStats.codecVectors(leaf.reader());
        return values == null || vectors == null
                ? Optional.empty()
                : HeldOut.of(vectors, luceneField, values, doc - leaf.docBase);
    }
}
