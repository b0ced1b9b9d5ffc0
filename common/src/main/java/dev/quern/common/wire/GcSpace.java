package dev.quern.common.wire;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a garbage collection found in one space.
///
/// @param space its name
/// @param liveChunks chunks that are needed
/// @param liveBytes bytes of these
/// @param condemnedChunks chunks that nothing leads to, still in their grace
/// @param condemnedBytes bytes of these
/// @param removedChunks chunks removed
/// @param removedBytes bytes of these
/// @param garbage of a dry run, the first 1,000 chunks that nothing leads to
/// @param problem why nothing of this space was removed
public record GcSpace(
        String space,
        long liveChunks,
        long liveBytes,
        long condemnedChunks,
        long condemnedBytes,
        long removedChunks,
        long removedBytes,
        List<GcGarbage> garbage,
        @Nullable String problem) {}
