package dev.quern.common.wire;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// `GET /v1/volumes/{volume}/list`.
///
/// @param commit the commit that was listed
/// @param entries in path order
/// @param next pass as `after` for the next page; null at the end
public record FileList(String commit, List<FileEntry> entries, @Nullable String next) {}
