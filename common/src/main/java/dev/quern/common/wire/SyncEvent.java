package dev.quern.common.wire;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// One line of the answer to a sync (`application/x-ndjson`).
///
/// @param type `progress`, `done` or `error`
/// @param commit the commit being indexed
/// @param filesTotal files that changed since the last sync
/// @param filesDone of these, embedded and durable
/// @param filesSkipped not text, not UTF-8 or too large; see `skipped`
/// @param filesDeleted files gone whose rows were deleted
/// @param rowsUpserted passages written
/// @param rowsDeleted passages deleted
/// @param tokens tokens embedded
/// @param seconds since the sync began
/// @param skipped up to 100 `path: reason`
/// @param error with `error`
public record SyncEvent(
        String type,
        String commit,
        long filesTotal,
        long filesDone,
        long filesSkipped,
        long filesDeleted,
        long rowsUpserted,
        long rowsDeleted,
        long tokens,
        double seconds,
        List<String> skipped,
        @Nullable ErrorBody error) {}
