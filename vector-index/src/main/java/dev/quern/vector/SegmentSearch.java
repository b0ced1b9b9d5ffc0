package dev.quern.vector;

import dev.quern.vector.fused.FusedStrategy;
import dev.quern.vector.fused.WalkHits;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.search.AcceptDocs;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.ScoreDoc;

/// Searches the nearest vectors segment by segment, without the query, the weight, the tasks and
/// the collectors of a Lucene search, which take as long as ten visits of a graph. Stateless.
final class SegmentSearch {
    private static final Comparator<ScoreDoc> BEST_FIRST =
            (a, b) -> Float.compare(b.score, a.score);

    private SegmentSearch() {}

    /// The nearest of all live documents, best first.
    ///
    /// @param depth at most
    /// @param strategy how wide to search; is told what was done
    /// @param cosines as for [#add]
    static List<ScoreDoc> nearest(
            IndexSearcher searcher,
            String field,
            float[] vector,
            int depth,
            FusedStrategy strategy,
            Deadline deadline,
            boolean cosines)
            throws IOException {
        List<LeafReaderContext> leaves = searcher.getIndexReader().leaves();
        List<ScoreDoc> all = new ArrayList<>(leaves.size() * Math.min(depth, 100));
        for (LeafReaderContext leaf : leaves) {
            LeafReader reader = leaf.reader();
            WalkHits found = collector(depth, strategy, deadline);
            reader.searchNearestVectors(
                    field,
                    vector,
                    found,
                    AcceptDocs.fromLiveDocs(reader.getLiveDocs(), reader.maxDoc()));
            add(leaf, found, cosines, all);
        }
        return best(all, depth);
    }

    /// A collector of one segment's nearest, which ends at the deadline.
    static WalkHits collector(int k, FusedStrategy strategy, Deadline deadline) {
        return new WalkHits(k, strategy, deadline::shouldExit);
    }

    /// Adds what was found in a segment.
    ///
    /// @param cosines whether the scores are to be cosines, of vectors of length 1 that are
    ///   compared by their inner product; else they are Lucene's
    static void add(LeafReaderContext leaf, WalkHits found, boolean cosines, List<ScoreDoc> all) {
        if (cosines && found.hasDistances()) {
            for (int i = 0; i < found.size(); i++) {
                all.add(new ScoreDoc(leaf.docBase + found.document(i), -found.distance(i)));
            }
            return;
        }
        for (ScoreDoc hit : found.topDocs().scoreDocs) {
            float score = cosines ? 2 * hit.score - 1 : hit.score;
            all.add(new ScoreDoc(leaf.docBase + hit.doc, score));
        }
    }

    /// The best of all, best first.
    static List<ScoreDoc> best(List<ScoreDoc> all, int depth) {
        all.sort(BEST_FIRST);
        return all.subList(0, Math.min(depth, all.size()));
    }
}
