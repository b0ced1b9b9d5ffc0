package dev.quern.common.wire;

import java.util.List;

/// What a garbage collection did; or would have done, for a dry run.
///
/// @param dryRun whether nothing was changed
/// @param removedChunks of all spaces
/// @param removedBytes of all spaces; compaction frees them
/// @param spaces each space that has chunks, in name order
public record GcResult(
        boolean dryRun, long removedChunks, long removedBytes, List<GcSpace> spaces) {}
