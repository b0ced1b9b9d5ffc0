package dev.quern.embed;

import dev.quern.vector.Row;
import dev.quern.volume.VolumePath;
import java.util.ArrayList;
import java.util.List;

/// A file whose rows are on their way into the collection. Not thread-safe.
final class FileRows {
    private final IndexedFile file;
    private final List<Row> rows = new ArrayList<>();
    private boolean mayBeThere;
    private boolean written;
    private boolean skipped;

    /// @param mayBeThere whether the collection may hold rows of it, which are to go
    FileRows(IndexedFile file, boolean mayBeThere) {
        this.file = file;
        this.mayBeThere = mayBeThere;
    }

    VolumePath path() {
        return file.path();
    }

    /// Adds a row, unless the file was left out meanwhile.
    void add(String key, Passage passage, float[] vector) {
        if (!skipped) {
            rows.add(file.row(key, passage, vector));
        }
    }

    /// The rows not yet written.
    List<Row> rows() {
        return rows;
    }

    /// Leaves the file out, with what was read of it and the rows that may be there.
    void skip() {
        skipped = true;
        rows.clear();
    }

    /// Whether the next write has to delete the file's rows: its first, and the one that takes back
    /// what was written of a file that was left out then.
    boolean mustDelete() {
        return mayBeThere && (skipped || !written);
    }

    /// Notes that the rows are in the collection.
    void noteWritten() {
        written = true;
        mayBeThere = true;
        rows.clear();
    }
}
