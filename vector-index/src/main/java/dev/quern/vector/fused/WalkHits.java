package dev.quern.vector.fused;

import java.util.function.BooleanSupplier;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.KnnCollector;
import org.apache.lucene.search.TopDocs;
import org.apache.lucene.search.TopKnnCollector;
import org.apache.lucene.search.knn.KnnSearchStrategy;
import org.apache.lucene.util.NumericUtils;

/// Takes the nearest of one segment. A walk without a filter gives them with the exact distances
/// that it computed, so that nobody need read their vectors again; every other way of searching
/// gives Lucene's scores alone, as to any collector. Used by one thread, for one segment.
public final class WalkHits extends KnnCollector.Decorator {
    private final BooleanSupplier end;
    private final TopKnnCollector scored;

    /// Best first: the distance as a sortable int in the upper half, the document in the lower.
    private long[] nearest = new long[0];

    private VectorSimilarityFunction similarity = VectorSimilarityFunction.EUCLIDEAN;
    private boolean walked;

    /// A collector.
    ///
    /// @param k hits at most, 1 or more
    /// @param strategy how wide to search
    /// @param end whether to stop and give what there is
    public WalkHits(int k, KnnSearchStrategy strategy, BooleanSupplier end) {
        this(new TopKnnCollector(k, Integer.MAX_VALUE, strategy), end);
    }

    private WalkHits(TopKnnCollector scored, BooleanSupplier end) {
        super(scored);
        this.scored = scored;
        this.end = end;
    }

    /// Whether the hits have distances; else only [#topDocs] has hits.
    public boolean hasDistances() {
        return walked;
    }

    /// Hits that have distances.
    public int size() {
        return nearest.length;
    }

    /// The segment's document of a hit, 0 the nearest.
    public int document(int hit) {
        return (int) nearest[hit];
    }

    /// The distance of a hit: the squared Euclidean distance, or minus the inner product, under
    /// cosine that of both vectors scaled to length 1. Differs from what the stored vectors give by
    /// rounding only.
    public float distance(int hit) {
        return distance(nearest[hit]);
    }

    /// An entry of [#take].
    static long entry(int document, float distance) {
        return (long) NumericUtils.floatToSortableInt(distance) << Integer.SIZE
                | Integer.toUnsignedLong(document);
    }

    /// The distance in an entry.
    static float distance(long entry) {
        return NumericUtils.sortableIntToFloat((int) (entry >> Integer.SIZE));
    }

    /// Takes all that a walk found.
    ///
    /// @param hits entries, best first, k at most; this keeps them
    void take(VectorSimilarityFunction by, long[] hits) {
        similarity = by;
        nearest = hits;
        walked = true;
    }

    @Override
    public boolean earlyTerminated() {
        return end.getAsBoolean();
    }

    @Override
    public TopDocs topDocs() {
        for (long hit : nearest) {
            scored.collect((int) hit, Measure.score(similarity, distance(hit)));
        }
        return scored.topDocs();
    }
}
