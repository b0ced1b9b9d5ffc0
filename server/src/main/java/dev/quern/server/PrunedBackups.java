package dev.quern.server;

import dev.quern.common.wire.BackupBody;
import dev.quern.storage.BackupInfo;
import dev.quern.storage.PruneReport;
import java.util.List;

/// What the removal of old backups did; or would have done, for a dry run.
///
/// @param dryRun whether nothing was changed
/// @param kept backups that stay, the oldest first
/// @param removed backups that do not, the oldest first
/// @param files files that no backup needs any more
/// @param bytes of these
public record PrunedBackups(
        boolean dryRun, List<BackupBody> kept, List<BackupBody> removed, int files, long bytes) {
    static PrunedBackups of(PruneReport report) {
        return new PrunedBackups(
                report.dryRun(),
                bodies(report.kept()),
                bodies(report.removed()),
                report.files(),
                report.bytes());
    }

    private static List<BackupBody> bodies(List<BackupInfo> backups) {
        return backups.stream().map(StorageBackups::body).toList();
    }
}
