package dev.quern.common.wire;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// Why a chunk of one space is kept, or not.
///
/// @param space its space
/// @param stored whether the space has it
/// @param quarantined whether its bytes were found damaged
/// @param pinned whether a write or a read that is under way keeps it
/// @param condemnedAt ISO-8601, when a garbage collection found that nothing leads to it
/// @param uses what needs it, the first 100; none for garbage
public record StorageChunk(
        String space,
        boolean stored,
        boolean quarantined,
        boolean pinned,
        @Nullable String condemnedAt,
        List<String> uses) {}
