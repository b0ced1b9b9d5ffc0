package dev.quern.common.wire;

/// `GET /v1/storage`: counts of all spaces.
///
/// @param chunks chunks that are stored
/// @param liveBytes bytes that they take in packs
/// @param storedBytes bytes of all pack files
/// @param deadBytes bytes that compaction could free
/// @param packs pack files
/// @param quarantined chunks that were found damaged
/// @param factIndex index of the last transaction
public record StorageBody(
        long chunks,
        long liveBytes,
        long storedBytes,
        long deadBytes,
        int packs,
        long quarantined,
        long factIndex) {}
