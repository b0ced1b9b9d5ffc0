package dev.quern.common.wire;

import org.jspecify.annotations.Nullable;

/// `POST /v1/collections/{collection}/tune`: which width to look for.
///
/// @param field a vector field; null: each of them
/// @param target share of the `k` nearest rows that searches are to find, above 0 and at most 1;
///   null: 0.95
/// @param k 1 to 1,000; null: 10
/// @param queries to compare, 10 to 1,000; null: 200
/// @param maxWidth the widest to try, `k` to 65,536; null: 2,000, or `k` if that is more
/// @param timeoutMs 10 to 600,000; null: 30,000
/// @param keep false: only tell; null or true: searches take the width from now on
public record TuneCollection(
        @Nullable String field,
        @Nullable Double target,
        @Nullable Integer k,
        @Nullable Integer queries,
        @Nullable Integer maxWidth,
        @Nullable Long timeoutMs,
        @Nullable Boolean keep) {
    /// With every default.
    public static TuneCollection defaults() {
        return new TuneCollection(null, null, null, null, null, null, null);
    }
}
