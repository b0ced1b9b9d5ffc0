package dev.quern.volume;

/// A file that was received and staged.
///
/// @param path where
/// @param sizeBytes bytes received
/// @param hash as [FileInfo#hash]
/// @param newBytes bytes of its chunks that the space did not have before
public record StagedPut(VolumePath path, long sizeBytes, String hash, long newBytes) {}
