package dev.quern.common.wire;

import org.jspecify.annotations.Nullable;

/// `PUT /v1/volumes/{volume}/files/{path}`.
///
/// @param path the normalised path
/// @param sizeBytes bytes received
/// @param hash content hash of the file
/// @param newBytes bytes of chunks that were not stored before
/// @param commit the commit, when the request asked to commit at once
public record StagedFile(
        String path, long sizeBytes, String hash, long newBytes, @Nullable CommitBody commit) {}
