package dev.quern.common.wire;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// `POST /v1/collections/{collection}/patch`: exactly one of `rows`, `columns` and `filter` with
/// `set`. What a row brings replaces what is there, null removes it, the rest stays; rows whose ids
/// are not there are skipped.
///
/// @param rows 1 to 10,000, in the form of an upsert
/// @param columns by the name of a field, lists of equal length, as in an upsert; null removes
/// @param filter patches every row that matches, at most 10,000
/// @param set fields by their names, for each row that matches; null removes
/// @param ttl seconds after which the rows expire that do not say when; default: as before
public record PatchRows(
        @Nullable List<RowBody> rows,
        @Nullable Map<String, Object> columns,
        @Nullable Object filter,
        @Nullable Map<String, Object> set,
        @Nullable Long ttl) {}
