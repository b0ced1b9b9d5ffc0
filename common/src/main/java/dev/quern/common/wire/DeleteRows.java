package dev.quern.common.wire;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// `POST /v1/collections/{collection}/delete`: exactly one of `ids` and `filter`.
///
/// @param ids rows to delete, in JSON numbers where the collection's ids are `uint64`; unknown ids
///   are ignored
/// @param filter as in a search
/// @param ifVersions by id, for ids of `ids`: refuse the whole request if the row's version is
///   another one
public record DeleteRows(
        @Nullable List<String> ids,
        @Nullable Object filter,
        @Nullable Map<String, Long> ifVersions) {}
