package dev.quern.client.flight;

import dev.quern.common.QuernException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// How rows are put.
///
/// @param mode `upsert`, `insert` (rows whose ids are there are skipped), `update` (those whose ids
///   are not) or `patch` (the same, and what a row brings is merged into the one that is there)
/// @param columns the fields that are sent beside the id: names of texts and vectors, and
///   `attributes`; none: all. What a row lacks of them a patch removes, so a patch names them
/// @param ttl seconds after which the rows are gone; null: never
public record PutMode(String mode, Set<String> columns, @Nullable Long ttl) {
    private static final String PATCH = "patch";

    /// Copies the names.
    ///
    /// @throws QuernException `INVALID` for a patch without columns
    public PutMode {
        columns = Set.copyOf(columns);
        if (mode.equals(PATCH) && columns.isEmpty()) {
            throw QuernException.invalid(
                    "a patch removes what a row lacks of its columns: name the columns");
        }
    }

    /// A mode of whole rows that stay.
    ///
    /// @param mode `upsert`, `insert` or `update`
    public static PutMode of(String mode) {
        return new PutMode(mode, Set.of(), null);
    }

    /// A patch of these fields; `attributes` are merged, null in their map removes one.
    public static PutMode patch(String... columns) {
        return new PutMode(PATCH, Set.of(columns), null);
    }
}
