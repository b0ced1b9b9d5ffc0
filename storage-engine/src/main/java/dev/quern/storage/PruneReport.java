package dev.quern.storage;

import java.util.List;

/// What the removal of old backups did; or would have done, for a dry run.
///
/// @param dryRun whether nothing was changed
/// @param kept backups that are there now, the oldest first
/// @param removed backups that are not, the oldest first
/// @param files files that no backup needed any more, also those of backups that were broken off
/// @param bytes of these
public record PruneReport(
        boolean dryRun, List<BackupInfo> kept, List<BackupInfo> removed, int files, long bytes) {
    /// Copies the lists.
    public PruneReport {
        kept = List.copyOf(kept);
        removed = List.copyOf(removed);
    }
}
