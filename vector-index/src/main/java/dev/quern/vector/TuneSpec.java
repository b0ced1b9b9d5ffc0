package dev.quern.vector;

import java.time.Duration;
import java.util.Optional;

/// What [CollectionTuning#tune] is to find.
///
/// @param field a vector field; empty: each of them, one after the other
/// @param target share of the `k` nearest rows that searches are to find, above 0 and at most 1
/// @param k hits of which it is the share, 1 to 1,000
/// @param queries to compare, 10 to 1,000: more take longer and tell more exactly
/// @param maxWidth the widest to try, `k` to [TunedWidth#MAX]
/// @param timeout for all fields together, 10 ms to 10 minutes
/// @param keep whether searches are to take the width from now on; else it is only told
public record TuneSpec(
        Optional<String> field,
        double target,
        int k,
        int queries,
        int maxWidth,
        Duration timeout,
        boolean keep) {
    private static final int MIN_QUERIES = 10;
    private static final int MAX_QUERIES = 1_000;
    private static final long MIN_TIMEOUT_MILLIS = 10;
    private static final long MAX_TIMEOUT_MILLIS = 600_000;

    /// Checks the values.
    public TuneSpec {
        TunedWidth.requireShare("target", target);
        Search.requireBetween("k", k, 1, Search.MAX_LIMIT);
        Search.requireBetween("queries", queries, MIN_QUERIES, MAX_QUERIES);
        Search.requireBetween("max_width", maxWidth, k, TunedWidth.MAX);
        Search.requireBetween(
                "timeout in ms", timeout.toMillis(), MIN_TIMEOUT_MILLIS, MAX_TIMEOUT_MILLIS);
    }

    /// Recall@10 of .95 in every field, by 200 queries, up to a width of 2,000, within 30 s, kept.
    public static TuneSpec defaults() {
        return new TuneSpec(Optional.empty(), 0.95, 10, 200, 2_000, Duration.ofSeconds(30), true);
    }
}
