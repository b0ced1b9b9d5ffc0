package dev.quern.vector;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.lucene.index.FloatVectorValues;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.search.DocAndFloatFeatureBuffer;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.search.HitQueue;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.VectorScorer;
import org.jspecify.annotations.Nullable;

/// Compares a query with every row, a piece at a time, so that others get their turn between. One
/// thread at a time.
final class ExactScan {
    private final IndexReader reader;
    private final String luceneField;
    private final TuneQuery query;
    private final HitQueue best;
    private final int k;
    private final DocAndFloatFeatureBuffer buffer = new DocAndFloatFeatureBuffer();
    private int leaf;
    private VectorScorer.@Nullable Bulk scores;

    /// Nothing is compared yet.
    ///
    /// @param k rows to find
    ExactScan(IndexReader reader, String luceneField, TuneQuery query, int k) {
        this.reader = reader;
        this.luceneField = luceneField;
        this.query = query;
        this.k = k;
        this.best = new HitQueue(k, false);
    }

    /// Goes on for some time, or to the end.
    ///
    /// @return whether all rows were compared
    boolean advance(long nanos) throws IOException {
        long start = System.nanoTime();
        while (leaf < reader.leaves().size()) {
            if (!compareSome(reader.leaves().get(leaf))) {
                leaf++;
                scores = null;
            }
            if (System.nanoTime() - start >= nanos) {
                break;
            }
        }
        return leaf == reader.leaves().size();
    }

    /// @return whether there may be more in the segment
    private boolean compareSome(LeafReaderContext context) throws IOException {
        VectorScorer.Bulk now = scores;
        if (now == null) {
            FloatVectorValues values = context.reader().getFloatVectorValues(luceneField);
            // By the floats, where the format keeps codes besides.
            VectorScorer scorer = values == null ? null : values.rescorer(query.vector());
            if (scorer == null) {
                return false;
            }
            now = scorer.bulk(null);
            scores = now;
        }
        now.nextDocsAndScores(
                DocIdSetIterator.NO_MORE_DOCS, context.reader().getLiveDocs(), buffer);
        for (int i = 0; i < buffer.size; i++) {
            int doc = context.docBase + buffer.docs[i];
            boolean good = best.size() < k || buffer.features[i] > best.top().score;
            if (good && doc != query.doc()) {
                best.insertWithOverflow(new ScoreDoc(doc, buffer.features[i]));
            }
        }
        return buffer.size > 0;
    }

    /// The nearest of the rows compared, in no order.
    List<ScoreDoc> best() {
        List<ScoreDoc> found = new ArrayList<>();
        best.forEach(found::add);
        return found;
    }
}
