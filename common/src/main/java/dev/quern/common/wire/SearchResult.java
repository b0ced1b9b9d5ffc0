package dev.quern.common.wire;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// Answer to a search.
///
/// @param hits best first
/// @param mode what was run
/// @param tookMs at the server
/// @param rows live rows of the collection at that moment
/// @param next pass as `after` for the page after this one; null at the end
/// @param partial true when the time was over before everything was looked at, else absent
/// @param plans with `explain`: how each leg was run
/// @param performance what it cost
public record SearchResult(
        List<SearchHit> hits,
        String mode,
        double tookMs,
        long rows,
        @Nullable String next,
        @Nullable Boolean partial,
        @Nullable List<SearchPlan> plans,
        Performance performance) {}
