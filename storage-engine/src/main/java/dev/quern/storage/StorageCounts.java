package dev.quern.storage;

import java.util.Optional;

/// What is stored and what was done, for metrics: cheap to take.
///
/// @param chunks chunks that are stored
/// @param storedBytes of all pack files
/// @param packs pack files
/// @param deadBytes bytes that compaction could free
/// @param quarantinedTotal how often a chunk was found damaged since the engine was opened
/// @param gcRemovedChunks chunks that garbage collection removed since then
/// @param gcRemovedBytes bytes of these in packs
/// @param appliedIndex index of the last transaction
/// @param cache counts of the cache over a tier; empty if the chunks are in the directory
public record StorageCounts(
        long chunks,
        long storedBytes,
        int packs,
        long deadBytes,
        long quarantinedTotal,
        long gcRemovedChunks,
        long gcRemovedBytes,
        long appliedIndex,
        Optional<TierCacheStats> cache) {}
