package dev.quern.vector;

import java.util.List;
import java.util.Optional;

/// One atomic change of a collection: the deletes, then the upserts.
///
/// @param upserts rows to write, each replacing the row of the same id; of two with one id the last
///   wins; at most 10,000
/// @param deleteIds rows to delete; unknown ids are ignored; at most 10,000
/// @param deleteWhere deletes every row that matches
public record WriteBatch(List<Row> upserts, List<String> deleteIds, Optional<Filter> deleteWhere) {
    /// Copies the lists.
    public WriteBatch {
        upserts = List.copyOf(upserts);
        deleteIds = List.copyOf(deleteIds);
    }

    /// Writes rows.
    public static WriteBatch upsert(List<Row> rows) {
        return new WriteBatch(rows, List.of(), Optional.empty());
    }

    /// Deletes rows by id.
    public static WriteBatch delete(List<String> ids) {
        return new WriteBatch(List.of(), ids, Optional.empty());
    }

    /// Deletes the rows that match.
    public static WriteBatch deleteWhere(Filter filter) {
        return new WriteBatch(List.of(), List.of(), Optional.of(filter));
    }
}
