package dev.quern.common.wire;

import java.util.List;

/// What a repair did.
///
/// @param repaired chunks that are right again
/// @param lost chunks that could not be had, in all
/// @param losses the first 1,000 things that need one of them: what is lost
/// @param problems what could not be checked or fetched
public record RepairResult(
        long repaired, long lost, List<StorageFinding> losses, List<String> problems) {}
