package dev.quern.vector;

import java.util.List;
import java.util.Optional;

/// A search. With one leg the score of a hit is the leg's own ([Metric] for dense, raw BM25 for
/// text); with several the best `max(100, limit)` of each leg are fused. Equal scores are ordered
/// by id.
///
/// @param legs 1 to 8
/// @param filter only rows that match
/// @param limit 1 to 1,000 hits
/// @param includeVectors whether hits carry their vectors
/// @param fusion of several legs
public record SearchSpec(
        List<Leg> legs, Optional<Filter> filter, int limit, boolean includeVectors, Fusion fusion) {
    /// Copies the legs.
    public SearchSpec {
        legs = List.copyOf(legs);
    }

    /// A search with the default fusion and without vectors in the hits.
    public static SearchSpec of(List<Leg> legs, Optional<Filter> filter, int limit) {
        return new SearchSpec(legs, filter, limit, false, Fusion.byDefault());
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
        return new SearchSpec(legs, Optional.of(where), limit, includeVectors, fusion);
    }

    /// The same search with vectors in its hits.
    public SearchSpec withVectors() {
        return new SearchSpec(legs, filter, limit, true, fusion);
    }

    /// The same search with another fusion.
    public SearchSpec fusedBy(Fusion other) {
        return new SearchSpec(legs, filter, limit, includeVectors, other);
    }
}
