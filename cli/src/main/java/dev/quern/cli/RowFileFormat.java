package dev.quern.cli;

import dev.quern.common.QuernException;
import java.util.Locale;

/// Files of rows.
enum RowFileFormat {
    /// Lines of JSON: a head with the schema, then the rows.
    JSONL,
    /// An Arrow IPC file.
    ARROW,
    /// Parquet.
    PARQUET;

    /// The format that a file's name ends in.
    ///
    /// @throws QuernException `INVALID` if it ends in none
    static RowFileFormat of(String file) {
        String name = file.toLowerCase(Locale.ROOT);
        if (name.endsWith(".jsonl") || name.endsWith(".ndjson") || name.equals("-")) {
            return JSONL;
        } else if (name.endsWith(".arrow") || name.endsWith(".feather")) {
            return ARROW;
        } else if (name.endsWith(".parquet")) {
            return PARQUET;
        }
        throw QuernException.invalid(
                "cannot tell the format of "
                        + file
                        + ": give --format jsonl, arrow or parquet, or a file name that ends so");
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
