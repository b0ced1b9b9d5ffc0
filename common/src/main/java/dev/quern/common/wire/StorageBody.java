package dev.quern.common.wire;

import org.jspecify.annotations.Nullable;

/// `GET /v1/storage`: counts of all spaces.
///
/// @param chunks chunks that are stored
/// @param liveBytes bytes that they take in packs
/// @param storedBytes bytes of all pack files
/// @param deadBytes bytes that compaction could free
/// @param packs pack files
/// @param quarantined chunks that were found damaged
/// @param appliedIndex index of the last transaction
/// @param stateHash hash of all facts at this index, 32 hex digits
/// @param encrypted whether new chunks are encrypted
/// @param tier where the chunks are; absent when they are in the data directory
public record StorageBody(
        long chunks,
        long liveBytes,
        long storedBytes,
        long deadBytes,
        int packs,
        long quarantined,
        long appliedIndex,
        String stateHash,
        boolean encrypted,
        @Nullable String tier) {}
