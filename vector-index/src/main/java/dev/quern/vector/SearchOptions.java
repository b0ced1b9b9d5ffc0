package dev.quern.vector;

import java.time.Duration;
import java.util.Optional;

/// What a search asks for beside its legs.
///
/// @param filter only rows that match
/// @param limit 1 to 1,000 hits
/// @param fields of the hits
/// @param fusion of several legs
/// @param after empty: the first page
/// @param timeout empty: none; else, 1 ms to 10 minutes, the answer is what was found in that time,
///   and says so
/// @param explain whether hits tell their places in the legs
public record SearchOptions(
        Optional<Filter> filter,
        int limit,
        RowFields fields,
        Fusion fusion,
        Optional<SearchCursor> after,
        Optional<Duration> timeout,
        boolean explain) {
    /// A first page with the default fusion, without a filter and without vectors in the hits.
    public static SearchOptions first(int limit) {
        return new SearchOptions(
                Optional.empty(),
                limit,
                RowFields.withoutVectors(),
                Fusion.byDefault(),
                Optional.empty(),
                Optional.empty(),
                false);
    }

    /// The same under a filter.
    public SearchOptions where(Filter where) {
        return new SearchOptions(
                Optional.of(where), limit, fields, fusion, after, timeout, explain);
    }

    /// The same with other fields in the hits.
    public SearchOptions with(RowFields others) {
        return new SearchOptions(filter, limit, others, fusion, after, timeout, explain);
    }

    /// The same with another fusion.
    public SearchOptions fusedBy(Fusion other) {
        return new SearchOptions(filter, limit, fields, other, after, timeout, explain);
    }

    /// The page after another.
    public SearchOptions from(SearchCursor cursor) {
        return new SearchOptions(
                filter, limit, fields, fusion, Optional.of(cursor), timeout, explain);
    }

    /// The same in a limited time.
    public SearchOptions within(Duration time) {
        return new SearchOptions(filter, limit, fields, fusion, after, Optional.of(time), explain);
    }

    /// The same, its hits explained.
    public SearchOptions explained() {
        return new SearchOptions(filter, limit, fields, fusion, after, timeout, true);
    }
}
