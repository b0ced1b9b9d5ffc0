package dev.quern.storage;

import java.time.Instant;
import java.util.Comparator;

/// A backup in a tier.
///
/// @param id its name: when it was begun, and random digits; those of later seconds have greater
///   ids
/// @param created when it was begun
/// @param position where the log of facts was, and the hash of the facts
/// @param files how many files it restores
/// @param bytes of these files together
public record BackupInfo(String id, Instant created, LogPosition position, int files, long bytes) {
    /// By when they were begun; of one server, those of the same second by what they have.
    static final Comparator<BackupInfo> OLDEST_FIRST =
            Comparator.comparing(BackupInfo::created)
                    .thenComparingLong(info -> info.position().index())
                    .thenComparing(BackupInfo::id);
}
