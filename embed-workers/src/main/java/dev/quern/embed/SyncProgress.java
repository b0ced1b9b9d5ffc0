package dev.quern.embed;

import java.time.Duration;

/// How far a sync is. Counts only grow, `filesTotal` too when an interrupted sync is finished
/// first.
///
/// @param commit the commit being indexed
/// @param filesTotal files that changed since the last sync, deleted ones included
/// @param filesDone of these, those whose rows are durable, skipped and deleted ones included
/// @param filesSkipped not text, too large or no longer readable
/// @param filesDeleted files gone whose rows were deleted
/// @param rowsUpserted passages written
/// @param rowsDeleted rows deleted, those of changed files included
/// @param tokens tokens embedded
/// @param elapsed since the sync began
public record SyncProgress(
        String commit,
        long filesTotal,
        long filesDone,
        long filesSkipped,
        long filesDeleted,
        long rowsUpserted,
        long rowsDeleted,
        long tokens,
        Duration elapsed) {}
