package dev.quern.vector;

import dev.quern.vector.fused.FusedStrategy;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.search.AcceptDocs;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnCollector;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TopKnnCollector;

/// Searches the nearest vectors segment by segment, without the query, the weight, the tasks and
/// the collectors of a Lucene search, which take as long as ten visits of a graph. Stateless.
final class SegmentSearch {
    private SegmentSearch() {}

    /// The nearest of all live documents, best first.
    ///
    /// @param depth at most
    /// @param strategy how wide to search; is told what was done
    static List<ScoreDoc> nearest(
            IndexSearcher searcher,
            String field,
            float[] vector,
            int depth,
            FusedStrategy strategy,
            Deadline deadline)
            throws IOException {
        List<ScoreDoc> all = new ArrayList<>();
        for (LeafReaderContext leaf : searcher.getIndexReader().leaves()) {
            LeafReader reader = leaf.reader();
            KnnCollector found = collector(depth, strategy, deadline);
            reader.searchNearestVectors(
                    field,
                    vector,
                    found,
                    AcceptDocs.fromLiveDocs(reader.getLiveDocs(), reader.maxDoc()));
            add(leaf, found, all);
        }
        return best(all, depth);
    }

    /// A collector of one segment's nearest, which ends at the deadline.
    static KnnCollector collector(int k, FusedStrategy strategy, Deadline deadline) {
        return new KnnCollector.Decorator(new TopKnnCollector(k, Integer.MAX_VALUE, strategy)) {
            @Override
            public boolean earlyTerminated() {
                return deadline.shouldExit();
            }
        };
    }

    /// Adds what was found in a segment.
    static void add(LeafReaderContext leaf, KnnCollector found, List<ScoreDoc> all) {
        for (ScoreDoc hit : found.topDocs().scoreDocs) {
            all.add(new ScoreDoc(leaf.docBase + hit.doc, hit.score));
        }
    }

    /// The best of all, best first.
    static List<ScoreDoc> best(List<ScoreDoc> all, int depth) {
        all.sort(Comparator.comparingDouble(hit -> -hit.score));
        return all.subList(0, Math.min(depth, all.size()));
    }
}
