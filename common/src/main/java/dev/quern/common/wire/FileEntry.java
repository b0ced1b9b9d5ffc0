package dev.quern.common.wire;

import org.jspecify.annotations.Nullable;

/// One entry of a listing.
///
/// @param path from the volume's root, without a leading slash
/// @param type `file` or `directory`
/// @param sizeBytes 0 for a directory
/// @param hash content hash
/// @param modifiedAt when the file was staged, ISO-8601
public record FileEntry(
        String path, String type, long sizeBytes, String hash, @Nullable String modifiedAt) {}
