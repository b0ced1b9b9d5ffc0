package dev.quern.volume;

import java.time.Instant;
import java.util.Optional;

/// A commit.
///
/// @param id its name
/// @param parent the commit before; empty for a volume's first
/// @param createdAt when, to the millisecond
/// @param message may be empty
/// @param files files in the tree
/// @param sizeBytes bytes of all files in the tree
public record CommitInfo(
        CommitId id,
        Optional<CommitId> parent,
        Instant createdAt,
        String message,
        long files,
        long sizeBytes) {}
