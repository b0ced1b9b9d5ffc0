package dev.quern.volume;

import dev.quern.storage.ChunkId;
import java.time.Instant;
import java.util.Optional;

/// A decoded commit.
///
/// @param volumeId the volume whose history it belongs to, 32 hex digits
/// @param parent the commit before; empty for the first
/// @param root the node of the root directory
/// @param createdAt when, to the millisecond
/// @param message may be empty
/// @param files files in the tree
/// @param sizeBytes bytes of these files
record Commit(
        String volumeId,
        Optional<CommitId> parent,
        ChunkId root,
        Instant createdAt,
        String message,
        long files,
        long sizeBytes) {
    CommitInfo info(CommitId id) {
        return new CommitInfo(id, parent, createdAt, message, files, sizeBytes);
    }
}
