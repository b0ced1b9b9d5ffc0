package dev.quern.common.wire;

import java.util.List;

/// What the removal of old backups did; or would have done, for a dry run.
///
/// @param dryRun whether nothing was changed
/// @param kept backups that stay, the oldest first
/// @param removed backups that do not, the oldest first
/// @param files files that no backup needs any more
/// @param bytes of these
public record PruneBackupsResult(
        boolean dryRun, List<BackupBody> kept, List<BackupBody> removed, int files, long bytes) {}
