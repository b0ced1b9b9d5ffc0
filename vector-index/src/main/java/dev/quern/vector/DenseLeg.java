package dev.quern.vector;

import dev.quern.vector.SearchOutcome.LegPlan;
import dev.quern.vector.SearchOutcome.Strategy;
import dev.quern.vector.SearchOutcome.Width;
import dev.quern.vector.SearchOutcome.Work;
import dev.quern.vector.fused.FusedStrategy;
import dev.quern.vector.fused.HeldOut;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.apache.lucene.index.FloatVectorValues;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.ReaderUtil;
import org.apache.lucene.search.DocAndFloatFeatureBuffer;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.search.HitQueue;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnFloatVectorQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.ScoreMode;
import org.apache.lucene.search.Scorer;
import org.apache.lucene.search.VectorScorer;
import org.apache.lucene.search.Weight;
import org.apache.lucene.util.VectorUtil;

/// Ranks rows by nearness to a vector. Each segment with a fused graph walks it, or compares the
/// codes or the vectors of all that matches, whichever is cheapest there ([FilteredWalk]); where
/// Lucene's graph serves, every matching row is compared when few match. The scores are computed
/// anew from the vectors of the best, because Lucene's are squeezed into (0, 1].
final class DenseLeg {
    /// Up to this share of the rows, comparing those that match is quicker than Lucene's graph.
    private static final double EXACT_SHARE = 0.05;

    /// Rows that are looked at for the order of equally near ones.
    private static final int MAX_TIED = 20_000;

    private static final int WIDER = 4;

    /// What a candidate of a walk costs, in rows that are compared.
    private static final int WALK_COST = 8;

    private static final double ROUNDING = 1e-6;

    /// Cosines that a search computed on rotated vectors, or that Lucene squeezed, differ from
    /// those of the vectors by less than half of this: some ten roundings of numbers of at most 1.
    static final double COSINE_ROUNDING = 2e-6;

    private final IndexSearcher searcher;
    private final String field;
    private final String luceneField;
    private final IdType idType;
    private final Metric metric;
    private final Means means;

    /// The coarsest of Lucene's graphs that take part.
    private final Optional<VectorKeeping> hnsw;

    private final LegWidth widths;
    private final Deadline deadline;
    private Optional<HeldOut> heldOut = Optional.empty();
    private boolean asFound;

    /// What legs work with.
    ///
    /// @param exactScanRows so many rows are compared, unless fused graphs are to choose from them
    /// @param filters sets of what matches
    /// @param ids of large segments
    record Means(int exactScanRows, FilterCache filters, IdCache ids) {
        /// Of ids as rows of one length: a million of 60 bytes, four million of 16.
        private static final long ID_BYTES = 64L << 20;

        static Means of(SearchConfig config) {
            return new Means(
                    config.exactScanRows(),
                    new FilterCache(config.filterCache().bytes()),
                    new IdCache(ID_BYTES));
        }
    }

    /// A leg.
    ///
    /// @param leg names a vector field of the schema
    /// @param deadline at which a scan gives what it has; the searcher knows it too
    DenseLeg(IndexSearcher searcher, Leg.Dense leg, Schema schema, Means means, Deadline deadline) {
        this.searcher = searcher;
        this.field = leg.field().orElseThrow();
        this.luceneField = RowDocuments.vector(field);
        this.idType = schema.fields().ids();
        this.metric = schema.vector(field).metric();
        this.means = means;
        this.deadline = deadline;
        this.widths =
                new LegWidth(
                        leg.width(),
                        Optional.ofNullable(schema.tuned().get(field)),
                        searcher.getIndexReader().numDocs(),
                        schema.vector(field).dims());
        this.hnsw = CollectionStats.coarsestHnsw(searcher.getIndexReader(), field);
    }

    /// Has walks go without a vertex, if there is one to leave out.
    void leaveOut(Optional<HeldOut> vertex) {
        heldOut = vertex;
    }

    /// Takes the cosines that a search computed on its way for the scores, where their order leaves
    /// no doubt: they may differ from those of the vectors by [#COSINE_ROUNDING].
    void scoreAsFound() {
        asFound = hnsw.isEmpty() && metric == Metric.COSINE;
    }

    /// What a leg found, and how.
    record Found(List<Ranked> ranked, LegPlan plan) {}

    /// What one way of searching gives.
    ///
    /// @param nearest best first
    private record Candidates(List<ScoreDoc> nearest, Scores scores, LegPlan plan) {
        /// Whether the scores come from the vectors, not from codes.
        boolean byFloats() {
            return scores != Scores.CODES;
        }

        /// Whether two scores may be of equally near rows, but for what rounding does, as Lucene
        /// squeezes scores and sums in another order.
        boolean isEqual(double a, double b) {
            double rounding = scores == Scores.COSINES ? COSINE_ROUNDING : ROUNDING * Math.abs(a);
            return Math.abs(a - b) <= rounding;
        }
    }

    /// What the scores of candidates are.
    private enum Scores {
        /// Estimates.
        CODES,
        /// Lucene's, of the vectors.
        SQUEEZED,
        /// Cosines of the vectors.
        COSINES
    }

    private interface Way {
        /// So many candidates, one more than are wanted, where there are.
        Candidates nearest(int count) throws IOException;
    }

    /// The nearest rows, best first; equally near ones by id.
    ///
    /// @param exact whether every matching row is to be compared
    /// @param vector as [Vectors#admit] gives it
    Found run(boolean exact, float[] vector, Optional<Query> filter, int depth) throws IOException {
        if (!exact && filter.isPresent() && hnsw.isEmpty()) {
            return best(count -> filtered(vector, filter.get(), count), vector, filter, depth);
        }
        LegPlan plan = plan(exact, filter);
        return plan.strategy() == Strategy.EXACT
                ? best(
                        count -> new Candidates(scan(vector, filter, count), Scores.SQUEEZED, plan),
                        vector,
                        filter,
                        depth)
                : best(count -> walked(plan, vector, filter, count), vector, filter, depth);
    }

    /// Ids decide who is in of the rows that are as near as the last one: searches would decide by
    /// where the rows lie, so that pages could skip some. So while more of them may come the search
    /// goes wider; over every row where that is about as cheap. What codes hide stays hidden.
    private Found best(Way way, float[] vector, Optional<Query> filter, int depth)
            throws IOException {
        int count = depth + 1;
        Candidates found = way.nearest(count);
        List<Ranked> ranked = ranked(found, vector, depth);
        int widest = Math.min(MAX_TIED, searcher.getIndexReader().numDocs() / WALK_COST);
        boolean walks = found.plan().strategy() != Strategy.EXACT;
        while (walks && isCut(found, ranked, depth) && count < widest) {
            count = Math.min(widest, count * WIDER);
            found = way.nearest(count);
            ranked = ranked(found, vector, depth);
        }
        if (found.byFloats() && isCut(found, ranked, depth)) {
            List<ScoreDoc> all = scan(vector, filter, depth + MAX_TIED);
            ranked = ranked(new Candidates(all, Scores.SQUEEZED, found.plan()), vector, depth);
        }
        return new Found(ranked.subList(0, Math.min(depth, ranked.size())), found.plan());
    }

    /// Whether the candidates end among rows that are as near as the last that is wanted.
    private boolean isCut(Candidates found, List<Ranked> ranked, int depth) {
        if (ranked.size() <= depth || deadline.shouldExit()) {
            return false;
        }
        ScoreDoc last = found.nearest().getLast();
        if (found.byFloats()) {
            return found.isEqual(found.nearest().get(depth - 1).score, last.score);
        }
        double wanted = ranked.get(depth - 1).score();
        return ranked.stream()
                .filter(row -> row.doc() == last.doc)
                .anyMatch(row -> row.score() > wanted || found.isEqual(row.score(), wanted));
    }

    private List<Ranked> ranked(Candidates found, float[] vector, int depth) throws IOException {
        List<ScoreDoc> nearest = found.nearest();
        if (found.scores() == Scores.COSINES && isClear(found, depth)) {
            return asFound(nearest.subList(0, Math.min(depth, nearest.size())));
        }
        int end = nearest.size();
        if (found.byFloats() && end > depth) {
            float last = nearest.get(depth - 1).score;
            end = depth;
            while (end < nearest.size() && found.isEqual(last, nearest.get(end).score)) {
                end++;
            }
        }
        return score(nearest.subList(0, end), vector);
    }

    /// Whether no two of those that are wanted, and the one after, are about as near.
    private static boolean isClear(Candidates found, int depth) {
        List<ScoreDoc> nearest = found.nearest();
        for (int i = Math.min(depth, nearest.size() - 1); i > 0; i--) {
            if (found.isEqual(nearest.get(i - 1).score, nearest.get(i).score)) {
                return false;
            }
        }
        return true;
    }

    /// Documents in their order, with their scores.
    private List<Ranked> asFound(List<ScoreDoc> nearest) throws IOException {
        int size = nearest.size();
        long[] byDocument = new long[size];
        for (int i = 0; i < size; i++) {
            byDocument[i] = (long) nearest.get(i).doc << Integer.SIZE | i;
        }
        Arrays.sort(byDocument);
        List<LeafReaderContext> leaves = searcher.getIndexReader().leaves();
        Ranked[] ranked = new Ranked[size];
        IdCache.Ids ids = null;
        int base = 0;
        int end = 0;
        for (long entry : byDocument) {
            int rank = (int) entry;
            ScoreDoc hit = nearest.get(rank);
            if (ids == null || hit.doc >= end) {
                LeafReaderContext leaf = leaves.get(ReaderUtil.subIndex(hit.doc, leaves));
                ids = means.ids().of(leaf);
                base = leaf.docBase;
                end = base + leaf.reader().maxDoc();
            }
            double score = Math.clamp(hit.score, -1f, 1f);
            ranked[rank] = new Ranked(hit.doc, ids.text(hit.doc - base, idType), score);
        }
        return Arrays.asList(ranked);
    }

    private Candidates walked(LegPlan plan, float[] vector, Optional<Query> filter, int count)
            throws IOException {
        Width width =
                hnsw.map(kept -> widths.of(count - 1, kept))
                        .orElseGet(() -> widths.of(count - 1, filter.isPresent()));
        FusedStrategy asked = new FusedStrategy(Math.max(count, width.width()), heldOut);
        List<ScoreDoc> nearest = walk(vector, filter, count, asked);
        boolean walked = hnsw.isPresent() || asked.walks() > 0;
        return new Candidates(
                nearest,
                scores(),
                new LegPlan(
                        walked ? plan.strategy() : Strategy.EXACT,
                        walked ? plan.reason() : "cheaper in every segment",
                        plan.matching(),
                        hnsw.isPresent() ? Work.NONE : work(plan.matching(), asked),
                        Optional.of(width)));
    }

    /// What the scores of a search by segments are.
    private Scores scores() {
        return hnsw.isPresent() ? Scores.CODES : asFound ? Scores.COSINES : Scores.SQUEEZED;
    }

    private LegPlan plan(boolean exact, Optional<Query> filter) throws IOException {
        long rows = searcher.getIndexReader().numDocs();
        long matching = filter.isPresent() ? searcher.count(filter.get()) : rows;
        if (exact) {
            return new LegPlan(Strategy.EXACT, "asked for", matching);
        }
        if (matching <= means.exactScanRows()) {
            return new LegPlan(Strategy.EXACT, "few rows match", matching);
        }
        if (hnsw.isPresent() && matching <= EXACT_SHARE * rows) {
            return new LegPlan(Strategy.EXACT, "a small share of the rows matches", matching);
        }
        return new LegPlan(Strategy.GRAPH, "many rows match", matching);
    }

    private static Work work(long estimated, FusedStrategy done) {
        return new Work(estimated, done.visited(), done.coded(), done.compared());
    }

    private Candidates filtered(float[] vector, Query filter, int count) throws IOException {
        Width width = widths.of(count - 1, true);
        FusedStrategy asked = new FusedStrategy(Math.max(count, width.width()));
        FilteredWalk walk = new FilteredWalk(searcher, means.filters(), deadline, filter);
        List<ScoreDoc> nearest = walk.nearest(luceneField, vector, count, asked, asFound);
        Strategy strategy =
                asked.walks() > 0
                        ? Strategy.GRAPH
                        : asked.scans() > 0 ? Strategy.CODES : Strategy.EXACT;
        return new Candidates(
                nearest,
                scores(),
                new LegPlan(
                        strategy,
                        reason(asked, walk),
                        walk.matching(),
                        work(walk.estimated(), asked),
                        Optional.of(width)));
    }

    /// Which way was taken in how many segments.
    private static String reason(FusedStrategy done, FilteredWalk walk) {
        List<String> ways = new ArrayList<>();
        count(ways, walk.testedAfter(), "walked, then filtered");
        count(ways, done.walks() - walk.testedAfter(), "walked under the filter");
        count(ways, done.scans(), "by codes");
        count(ways, done.comparisons(), "by vectors");
        String all = ways.isEmpty() ? "no row matches" : "segments: " + String.join(", ", ways);
        return done.abandoned() == 0
                ? all
                : all + "; " + done.abandoned() + " walks met too few that match";
    }

    private static void count(List<String> ways, int count, String way) {
        if (count > 0) {
            ways.add(count + " " + way);
        }
    }

    private List<ScoreDoc> walk(
            float[] vector, Optional<Query> filter, int depth, FusedStrategy asked)
            throws IOException {
        if (hnsw.isEmpty() && filter.isEmpty()) {
            return SegmentSearch.nearest(
                    searcher, luceneField, vector, depth, asked, deadline, asFound);
        }
        int candidates = hnsw.isPresent() ? asked.width() : depth;
        Query query =
                new KnnFloatVectorQuery(
                        luceneField, vector, candidates, filter.orElse(null), asked);
        return List.of(searcher.search(query, candidates).scoreDocs);
    }

    private List<ScoreDoc> scan(float[] vector, Optional<Query> filter, int depth)
            throws IOException {
        Weight weight =
                filter.isEmpty()
                        ? null
                        : searcher.createWeight(
                                searcher.rewrite(filter.get()), ScoreMode.COMPLETE_NO_SCORES, 1);
        HitQueue best = new HitQueue(depth, false);
        for (LeafReaderContext leaf : searcher.getIndexReader().leaves()) {
            FloatVectorValues values = leaf.reader().getFloatVectorValues(luceneField);
            DocIdSetIterator matching = null;
            if (weight != null) {
                Scorer scorer = weight.scorer(leaf);
                matching = scorer == null ? DocIdSetIterator.empty() : scorer.iterator();
            }
            // By the floats, where the format keeps codes besides.
            VectorScorer scorer = values == null ? null : values.rescorer(vector);
            if (scorer != null) {
                collect(leaf, scorer.bulk(matching), best);
            }
        }
        List<ScoreDoc> found = new ArrayList<>();
        best.forEach(found::add);
        found.sort(Comparator.comparingDouble(hit -> -hit.score));
        return found;
    }

    private void collect(LeafReaderContext leaf, VectorScorer.Bulk scores, HitQueue best)
            throws IOException {
        DocAndFloatFeatureBuffer buffer = new DocAndFloatFeatureBuffer();
        scores.nextDocsAndScores(
                DocIdSetIterator.NO_MORE_DOCS, leaf.reader().getLiveDocs(), buffer);
        while (buffer.size > 0 && !deadline.shouldExit()) {
            for (int i = 0; i < buffer.size; i++) {
                best.insertWithOverflow(
                        new ScoreDoc(leaf.docBase + buffer.docs[i], buffer.features[i]));
            }
            scores.nextDocsAndScores(
                    DocIdSetIterator.NO_MORE_DOCS, leaf.reader().getLiveDocs(), buffer);
        }
    }

    /// Ranks documents by their vectors.
    List<Ranked> score(List<ScoreDoc> nearest, float[] query) throws IOException {
        List<Integer> docs = new ArrayList<>(nearest.size());
        for (ScoreDoc hit : nearest) {
            docs.add(hit.doc);
        }
        docs.sort(null);
        List<Ranked> ranked = new ArrayList<>(docs.size());
        RowReader.forEachVector(
                searcher.getIndexReader(),
                docs,
                field,
                (doc, id, vector) ->
                        ranked.add(new Ranked(doc, idType.text(id), score(query, vector))));
        ranked.sort(Ranked.BEST_FIRST);
        return ranked;
    }

    private double score(float[] query, float[] vector) {
        return switch (metric) {
            case COSINE -> Math.clamp(VectorUtil.dotProduct(query, vector), -1f, 1f);
            case DOT -> VectorUtil.dotProduct(query, vector);
            case L2 -> -Math.sqrt(VectorUtil.squareDistance(query, vector));
        };
    }
}
