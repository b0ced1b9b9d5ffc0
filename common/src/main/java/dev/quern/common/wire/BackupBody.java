package dev.quern.common.wire;

/// A backup.
///
/// @param id its name; later ones have greater ids
/// @param created when it was begun
/// @param files how many files it restores
/// @param bytes bytes of these
/// @param index index of the last transaction in it
/// @param stateHash hash of the facts at this index, 32 hex digits
public record BackupBody(
        String id, String created, int files, long bytes, long index, String stateHash) {}
