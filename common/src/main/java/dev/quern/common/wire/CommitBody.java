package dev.quern.common.wire;

import org.jspecify.annotations.Nullable;

/// A commit.
///
/// @param id 64 hex digits
/// @param parent the commit before, null for the first
/// @param createdAt ISO-8601
/// @param message may be empty
/// @param files files in the tree
/// @param sizeBytes bytes of all files in the tree
public record CommitBody(
        String id,
        @Nullable String parent,
        String createdAt,
        String message,
        long files,
        long sizeBytes) {}
