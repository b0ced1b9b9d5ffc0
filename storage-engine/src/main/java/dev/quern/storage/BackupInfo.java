package dev.quern.storage;

import java.time.Instant;

/// A backup in a tier.
///
/// @param id its name: when it was begun, and random digits; later backups have greater ids
/// @param created when it was begun
/// @param position where the log of facts was, and the hash of the facts
/// @param files how many files it restores
/// @param bytes of these files together
public record BackupInfo(String id, Instant created, LogPosition position, int files, long bytes) {}
