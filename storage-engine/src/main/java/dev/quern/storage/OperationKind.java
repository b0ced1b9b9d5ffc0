package dev.quern.storage;

import java.util.Locale;

/// What an operator's long work on the whole store can be.
public enum OperationKind {
    /// Removes chunks that nothing needs from the index.
    GC,
    /// Frees the bytes of removed chunks.
    COMPACT,
    /// Reads everything.
    FSCK,
    /// Fetches what is damaged or missing.
    REPAIR,
    /// Copies everything to a tier.
    BACKUP;

    /// Whether one must wait until the other is over. A backup minds other backups only.
    boolean excludes(OperationKind other) {
        return (this == BACKUP) == (other == BACKUP);
    }

    /// In lower case.
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
