package dev.quern.storage;

/// Counts of the local cache over a tier, since it was opened.
///
/// @param hits reads that a local copy served
/// @param misses reads that went to the tier
/// @param bytes bytes of the local copies now
/// @param pinnedBytes bytes that pins hold or keep room for
/// @param evictions copies dropped for others
/// @param failures operations of the local disk that failed; the tier served these reads
public record TierCacheStats(
        long hits, long misses, long bytes, long pinnedBytes, long evictions, long failures) {}
