package dev.quern.common.wire;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// `POST /v1/collections/{collection}/upsert`: exactly one of `rows` and `columns`.
///
/// @param rows 1 to 10,000; besides the keys of a [RowBody] a row may have any field by its name:
///   the collection's schema tells whether it is a vector or a text, all else are attributes; null
///   is no value
/// @param columns by the name of a field, lists of equal length, 1 to 10,000: `id`, and any vector,
///   text or attribute; null where a row has no value
/// @param mode `upsert` (default), `insert`: rows whose ids are there are skipped, or `update`:
///   rows whose ids are not there are skipped
/// @param ttl seconds after which the rows expire that do not say when; default never
public record UpsertRows(
        @Nullable List<RowBody> rows,
        @Nullable Map<String, Object> columns,
        @Nullable String mode,
        @Nullable Long ttl) {
    /// Rows one by one.
    public UpsertRows(List<RowBody> rows) {
        this(rows, null, null, null);
    }
}
