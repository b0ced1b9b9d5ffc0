package dev.quern.common.wire;

/// What a compaction did.
///
/// @param packsRemoved packs deleted
/// @param packsKept packs that stay for a damaged chunk in them
/// @param chunksMoved chunks copied to other packs
/// @param bytesMoved bytes of these
/// @param bytesFreed how much smaller the packs are in all
/// @param quarantined chunks that were found damaged
public record CompactResult(
        int packsRemoved,
        int packsKept,
        long chunksMoved,
        long bytesMoved,
        long bytesFreed,
        long quarantined) {}
