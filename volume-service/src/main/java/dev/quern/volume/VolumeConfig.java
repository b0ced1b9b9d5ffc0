package dev.quern.volume;

import dev.quern.common.ByteSize;
import dev.quern.common.QuernException;
import java.nio.file.Path;

/// Settings of the [VolumeService].
///
/// @param viewsDirectory where materialised views are kept; what lies under its folder `by-tree` is
///   this service's and is removed at start
/// @param viewsMaxBytes views that nobody holds are removed to stay below this; a view that does
///   not fit beside those that are held is refused
/// @param nodeCacheBytes about how much heap the cache of decoded directory nodes may take
/// @param maxStagedChanges puts and removals that a session may stage before it must commit, 1 to
///   10,000,000
/// @param maxLargePuts files of over 256 KiB that are received at the same time, each with a buffer
///   of up to 5 MiB; more are refused with `EXHAUSTED`
/// @param commitAttempts how often a commit without an expected head is tried on a moving head, 1
///   to 1,000
public record VolumeConfig(
        Path viewsDirectory,
        ByteSize viewsMaxBytes,
        ByteSize nodeCacheBytes,
        int maxStagedChanges,
        int maxLargePuts,
        int commitAttempts) {
    /// Checks the bounds.
    public VolumeConfig {
        require("max-staged-changes", maxStagedChanges, 10_000_000);
        require("max-large-puts", maxLargePuts, 10_000);
        require("commit-attempts", commitAttempts, 1_000);
    }

    /// The defaults: 32 MiB of nodes, 500,000 staged changes, 32 large puts, 64 attempts.
    public VolumeConfig(Path viewsDirectory, ByteSize viewsMaxBytes) {
        this(viewsDirectory, viewsMaxBytes, ByteSize.ofMebibytes(32), 500_000, 32, 64);
    }

    private static void require(String name, int value, int max) {
        if (value < 1 || value > max) {
            throw QuernException.invalid(name + " must be 1 to " + max + ", got " + value);
        }
    }
}
