package dev.quern.common.wire;

/// What making a backup took.
///
/// @param id name of the backup
/// @param created when it was begun
/// @param files how many files it restores
/// @param bytes bytes of these
/// @param newFiles files that had to be copied
/// @param newBytes bytes of these
/// @param index index of the last transaction in it
/// @param stateHash hash of the facts at this index, 32 hex digits
public record BackupResult(
        String id,
        String created,
        int files,
        long bytes,
        int newFiles,
        long newBytes,
        long index,
        String stateHash) {}
