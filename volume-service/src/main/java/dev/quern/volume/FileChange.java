package dev.quern.volume;

import java.util.Optional;

/// A file that differs between two commits. Directories are not reported: they are there exactly as
/// long as files lie in them.
///
/// @param path where
/// @param kind what happened
/// @param before the file in the first commit; empty if it was added
/// @param after the file in the second commit; empty if it was removed
public record FileChange(
        VolumePath path, Kind kind, Optional<FileInfo> before, Optional<FileInfo> after) {
    /// What happened to a file.
    public enum Kind {
        /// Only the second commit has it.
        ADDED,
        /// Both have it, with different contents.
        MODIFIED,
        /// Only the first commit has it.
        REMOVED
    }
}
