package dev.quern.vector;

import java.util.List;
import java.util.Optional;

/// A search. With one leg the score of a hit is the leg's own ([Metric] for dense, raw BM25 for
/// text); with several the legs are fused by reciprocal rank: the sum of `1 / (fusionK + rank)`
/// over the best `max(100, limit)` of each leg, ranks from 1. Equal scores are ordered by id.
///
/// @param legs 1 to 8
/// @param filter only rows that match
/// @param limit 1 to 1,000 hits
/// @param includeVector whether hits carry their vectors
/// @param fusionK constant of the fusion, 1 to 10,000; by default [#FUSION_K]
/// @param idsOnly whether hits carry nothing but id and score, which spares reading the rows: a
///   quarter of a dense search's time on 20,000 rows
public record SearchSpec(
        List<Leg> legs,
        Optional<Filter> filter,
        int limit,
        boolean includeVector,
        int fusionK,
        boolean idsOnly) {
    /// The default constant of the fusion.
    public static final int FUSION_K = 60;

    /// Copies the legs.
    public SearchSpec {
        legs = List.copyOf(legs);
    }

    /// A search whose hits carry their rows.
    public SearchSpec(
            List<Leg> legs,
            Optional<Filter> filter,
            int limit,
            boolean includeVector,
            int fusionK) {
        this(legs, filter, limit, includeVector, fusionK, false);
    }

    /// A search with the default fusion and without vectors in the hits.
    public static SearchSpec of(List<Leg> legs, Optional<Filter> filter, int limit) {
        return new SearchSpec(legs, filter, limit, false, FUSION_K);
    }

    /// The nearest rows to a vector, by the planner's choice.
    public static SearchSpec dense(float[] vector, int limit) {
        return of(List.of(new Leg.Dense(vector, false)), Optional.empty(), limit);
    }

    /// The best rows for a text.
    public static SearchSpec bm25(String query, int limit) {
        return of(List.of(new Leg.Bm25(query)), Optional.empty(), limit);
    }

    /// Both, fused.
    public static SearchSpec hybrid(float[] vector, String query, int limit) {
        return of(
                List.of(new Leg.Dense(vector, false), new Leg.Bm25(query)),
                Optional.empty(),
                limit);
    }

    /// The same search under a filter.
    public SearchSpec where(Filter where) {
        return new SearchSpec(legs, Optional.of(where), limit, includeVector, fusionK, idsOnly);
    }

    /// The same search with vectors in its hits.
    public SearchSpec withVectors() {
        return new SearchSpec(legs, filter, limit, true, fusionK, false);
    }

    /// The same search with nothing but id and score in its hits.
    public SearchSpec withIdsOnly() {
        return new SearchSpec(legs, filter, limit, false, fusionK, true);
    }
}
