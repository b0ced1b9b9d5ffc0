package dev.quern.common.wire;

import java.util.List;

/// Answer to a search.
///
/// @param hits best first
/// @param mode what was run
/// @param tookMs at the server
public record SearchResult(List<SearchHit> hits, String mode, double tookMs) {}
