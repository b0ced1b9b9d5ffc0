package dev.quern.vector;

import java.util.List;
import java.util.Optional;

/// A search. With one leg the score of a hit is the leg's own ([Metric] for dense, raw BM25 for
/// text); with several the best `max(100, limit)` of each leg are the candidates, and are fused.
/// Equal scores are ordered by id.
///
/// Pages: `after` goes on where a page ended. With one leg it looks deeper; with several it goes on
/// among the candidates, so the pages of one search must have one limit. A row that is written
/// between two pages may come twice or not at all.
///
/// @param legs 1 to 8
/// @param options what else is asked for
public record SearchSpec(List<Leg> legs, SearchOptions options) {
    /// Copies the legs.
    public SearchSpec {
        legs = List.copyOf(legs);
    }

    /// A first page with the default fusion and without vectors in the hits.
    public static SearchSpec of(List<Leg> legs, Optional<Filter> filter, int limit) {
        SearchOptions first = SearchOptions.first(limit);
        return new SearchSpec(legs, filter.map(first::where).orElse(first));
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
        return new SearchSpec(legs, options.where(where));
    }

    /// The same search with every field in its hits.
    public SearchSpec withVectors() {
        return new SearchSpec(legs, options.with(RowFields.all()));
    }

    /// The same search with nothing but id and score in its hits.
    public SearchSpec withIdsOnly() {
        return new SearchSpec(legs, options.with(RowFields.none()));
    }
}
