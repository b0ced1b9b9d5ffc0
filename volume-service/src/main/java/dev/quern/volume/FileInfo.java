package dev.quern.volume;

import java.time.Instant;
import java.util.Optional;

/// A file or directory of a commit.
///
/// @param path where
/// @param directory whether it is a directory
/// @param sizeBytes bytes of the file; 0 for a directory
/// @param hash 64 hex digits that are equal exactly when the contents are cut into equal chunks:
///   the SHA-256 of the bytes for a file of at most one chunk (any file of up to 256 KiB), of the
///   chunk list for a longer one, of the directory node for a directory
/// @param modifiedAt when these contents were staged, to the millisecond; empty for a directory
public record FileInfo(
        VolumePath path,
        boolean directory,
        long sizeBytes,
        String hash,
        Optional<Instant> modifiedAt) {}
