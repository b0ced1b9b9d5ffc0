package dev.quern.common.wire;

import java.util.List;

/// What a check of the whole store found.
///
/// @param clean whether all that is needed is there, and right
/// @param packs pack files read
/// @param records records read
/// @param bytes bytes of these
/// @param liveChunks chunks whose bytes are right
/// @param deadRecords records that nothing names any more
/// @param damaged chunks that are damaged or missing, in all
/// @param uses what needs one of them, in all
/// @param findings the first 1,000 of these
/// @param problems what could not be checked
public record FsckResult(
        boolean clean,
        int packs,
        long records,
        long bytes,
        long liveChunks,
        long deadRecords,
        long damaged,
        long uses,
        List<StorageFinding> findings,
        List<String> problems) {}
