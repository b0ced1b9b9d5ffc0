package dev.quern.common.wire;

import org.jspecify.annotations.Nullable;

/// `POST /v1/storage/prune-backups`: remove old backups, and the files that no other needs.
///
/// @param from where they are: `file:///directory` on the server's machine, or `s3://bucket/prefix`
/// @param keep how many of the latest stay, 1 or more
/// @param keepWithinSeconds those that are not older stay too, 0 to 3,153,600,000; none by default
/// @param dryRun true to change nothing and say what would be done
public record RunPruneBackups(
        String from, int keep, @Nullable Double keepWithinSeconds, @Nullable Boolean dryRun) {}
