package dev.quern.vector;

import dev.quern.vector.fused.FusedStrategy;
import dev.quern.vector.fused.WalkHits;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.search.AcceptDocs;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnCollector;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.ScoreMode;
import org.apache.lucene.search.ScorerSupplier;
import org.apache.lucene.search.Weight;
import org.apache.lucene.util.BitSetIterator;
import org.apache.lucene.util.Bits;
import org.apache.lucene.util.FixedBitSet;
import org.jspecify.annotations.Nullable;

/// Searches the nearest vectors under a filter, segment by segment. Where a filter that was not
/// seen before passes a large share of a large segment, the graph is walked without it and what the
/// walk found is filtered afterwards: reading all that matches would take longer. Everywhere else
/// the set of what matches is read, or taken from the cache, and the segment itself chooses how to
/// search it. One thread, one use.
final class FilteredWalk {
    /// Of the candidates that pass, this share of those hoped for must, or the set is read.
    private static final double ENOUGH = 0.5;

    /// A filter that passes less is never applied afterwards.
    private static final double MIN_SHARE = 0.25;

    /// Candidates are more than one over the share that passes, by this factor.
    private static final double MARGIN = 1.2;

    /// What reading one matching document into a set takes.
    private static final double READ_NANOS = 2;

    /// What testing one candidate takes.
    private static final double TEST_NANOS = 100;

    private final IndexSearcher searcher;
    private final FilterCache cache;
    private final Deadline deadline;
    private final Query filter;
    private final boolean repeated;
    private @Nullable Weight weight;
    private long estimated;
    private long matching;
    private int testedAfter;
    private boolean counted = true;

    FilteredWalk(IndexSearcher searcher, FilterCache cache, Deadline deadline, Query filter) {
        this.searcher = searcher;
        this.cache = cache;
        this.deadline = deadline;
        this.filter = filter;
        this.repeated = cache.isRepeated(filter);
    }

    /// Rows that should match, by what the index knows without reading them; where the set is kept,
    /// it is exact but for deletions.
    long estimated() {
        return estimated;
    }

    /// Rows that match, or -1 where not all were read.
    long matching() {
        return counted ? matching : -1;
    }

    /// Segments whose candidates were filtered afterwards.
    int testedAfter() {
        return testedAfter;
    }

    /// A segment, its set of matching documents if that was read, else what reads them.
    private record Part(
            LeafReaderContext leaf, @Nullable FixedBitSet set, @Nullable ScorerSupplier reading) {}

    /// The nearest, best first.
    ///
    /// @param strategy how wide to search; is told what was done
    /// @param cosines as for [SegmentSearch#add]
    List<ScoreDoc> nearest(
            String field, float[] vector, int depth, FusedStrategy strategy, boolean cosines)
            throws IOException {
        List<Part> parts = new ArrayList<>();
        for (LeafReaderContext leaf : searcher.getIndexReader().leaves()) {
            part(leaf, Math.max(depth, strategy.width())).ifPresent(parts::add);
        }
        List<ScoreDoc> all = new ArrayList<>();
        for (Part part : parts) {
            WalkHits found = SegmentSearch.collector(depth, strategy, deadline);
            if (part.set != null || !afterwards(part, field, vector, found, strategy)) {
                among(part, field, vector, found);
            }
            SegmentSearch.add(part.leaf, found, cosines, all);
        }
        return SegmentSearch.best(all, depth);
    }

    private Optional<Part> part(LeafReaderContext leaf, int wanted) throws IOException {
        Optional<FixedBitSet> kept = cache.find(leaf, filter);
        if (kept.isPresent()) {
            FixedBitSet live = live(leaf, kept.get(), false);
            estimated += live.cardinality();
            return Optional.of(new Part(leaf, live, null));
        }
        ScorerSupplier supplier = weight().scorerSupplier(leaf);
        if (supplier == null) {
            return Optional.empty();
        }
        estimated += supplier.cost();
        return Optional.of(
                !repeated && paysAfterwards(leaf.reader().maxDoc(), supplier.cost(), wanted)
                        ? new Part(leaf, null, supplier)
                        : new Part(leaf, read(leaf, supplier), null));
    }

    private Weight weight() throws IOException {
        Weight known = weight;
        if (known == null) {
            known =
                    searcher.createWeight(
                            searcher.rewrite(filter), ScoreMode.COMPLETE_NO_SCORES, 1);
            weight = known;
        }
        return known;
    }

    /// Whether testing a walk's candidates costs less than reading a filter's documents.
    ///
    /// @param cost documents that match, about
    static boolean paysAfterwards(int documents, long cost, int wanted) {
        return cost >= MIN_SHARE * documents
                && candidates(documents, cost, wanted) * TEST_NANOS < cost * READ_NANOS;
    }

    private static double candidates(int documents, long cost, int wanted) {
        return MARGIN * wanted * Math.max(1, (double) documents / cost);
    }

    private FixedBitSet read(LeafReaderContext leaf, ScorerSupplier supplier) throws IOException {
        FixedBitSet set = new FixedBitSet(leaf.reader().maxDoc());
        set.or(supplier.get(Long.MAX_VALUE).iterator());
        if (repeated) {
            cache.keep(leaf, filter, set);
        }
        return live(leaf, set, !repeated);
    }

    private static FixedBitSet live(LeafReaderContext leaf, FixedBitSet set, boolean own) {
        Bits live = leaf.reader().getLiveDocs();
        if (live == null) {
            return set;
        }
        FixedBitSet alive = own ? set : set.clone();
        live.applyMask(alive, 0);
        return alive;
    }

    /// Walks without the filter and keeps what passes.
    ///
    /// @return false, having collected nothing, if too little passes
    private boolean afterwards(
            Part part, String field, float[] vector, KnnCollector found, FusedStrategy strategy)
            throws IOException {
        LeafReader reader = part.leaf.reader();
        ScorerSupplier supplier = part.reading;
        if (supplier == null) {
            return false;
        }
        int wanted = Math.max(found.k(), strategy.width());
        int candidates =
                (int)
                        Math.min(
                                reader.maxDoc(),
                                candidates(reader.maxDoc(), supplier.cost(), wanted));
        KnnCollector all = SegmentSearch.collector(candidates, strategy, deadline);
        reader.searchNearestVectors(
                field, vector, all, AcceptDocs.fromLiveDocs(reader.getLiveDocs(), reader.maxDoc()));
        ScoreDoc[] hits = all.topDocs().scoreDocs;
        Arrays.sort(hits, Comparator.comparingInt(hit -> hit.doc));
        DocIdSetIterator passing = supplier.get(hits.length).iterator();
        List<ScoreDoc> kept = new ArrayList<>();
        for (ScoreDoc hit : hits) {
            if (passing.docID() < hit.doc) {
                passing.advance(hit.doc);
            }
            if (passing.docID() == hit.doc) {
                kept.add(hit);
            }
        }
        if (kept.size() < ENOUGH * wanted && !deadline.shouldExit()) {
            return false;
        }
        kept.forEach(hit -> found.collect(hit.doc, hit.score));
        testedAfter++;
        counted = false;
        return true;
    }

    private void among(Part part, String field, float[] vector, KnnCollector found)
            throws IOException {
        FixedBitSet set = part.set;
        if (set == null) {
            ScorerSupplier again = weight().scorerSupplier(part.leaf);
            if (again == null) {
                return;
            }
            set = read(part.leaf, again);
        }
        int count = set.cardinality();
        matching += count;
        if (count > 0) {
            part.leaf.reader().searchNearestVectors(field, vector, found, new Matching(set, count));
        }
    }

    /// A set whose size is known.
    private static final class Matching extends AcceptDocs {
        private final FixedBitSet set;
        private final int count;

        Matching(FixedBitSet set, int count) {
            this.set = set;
            this.count = count;
        }

        @Override
        public Bits bits() {
            return set;
        }

        @Override
        public DocIdSetIterator iterator() {
            return new BitSetIterator(set, count);
        }

        @Override
        public int cost() {
            return count;
        }
    }
}
