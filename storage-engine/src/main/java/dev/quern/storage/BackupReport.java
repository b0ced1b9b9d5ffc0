package dev.quern.storage;

/// What making a backup took.
///
/// @param backup what was made
/// @param newFiles files that the tier did not have yet
/// @param newBytes of these
public record BackupReport(BackupInfo backup, int newFiles, long newBytes) {}
