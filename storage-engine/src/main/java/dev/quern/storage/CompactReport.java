package dev.quern.storage;

/// What a compaction did.
///
/// @param packsRemoved packs that were copied, or had nothing left to copy, and deleted
/// @param packsKept packs that were copied but stay for a record in them that is damaged
/// @param chunksMoved chunks copied to other packs
/// @param bytesMoved bytes of these chunks in packs
/// @param bytesFreed how much smaller the packs are in all; negative if they grew
/// @param quarantined chunks that were found damaged
public record CompactReport(
        int packsRemoved,
        int packsKept,
        long chunksMoved,
        long bytesMoved,
        long bytesFreed,
        long quarantined) {}
