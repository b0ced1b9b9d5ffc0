package dev.quern.embed;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.vector.Row;
import dev.quern.vector.WriteBatch;
import dev.quern.vector.WriteResult;
import dev.quern.volume.VolumePath;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Gathers whole files and removals and writes them together, each batch in one step: many small
/// files cost one durable write. Not thread-safe.
final class RowBatcher {
    /// Rows of a step; a file of more is written in several.
    private static final int MAX_ROWS = 2_000;

    /// Files and removals of a step; bounds the size of the filter that names them.
    private static final int MAX_FILES = 128;

    private final RowWriter writer;
    private final String volume;
    private final SyncTally tally;

    private final List<FileRows> files = new ArrayList<>();
    private final List<VolumePath> removals = new ArrayList<>();
    private int rows;

    /// @param volume the volume's name
    RowBatcher(RowWriter writer, String volume, SyncTally tally) {
        this.writer = writer;
        this.volume = volume;
        this.tally = tally;
    }

    /// Looks at a file that got one more row.
    void grown(FileRows file) {
        if (file.rows().size() == MAX_ROWS) {
            flush();
            write(List.of(file));
        }
    }

    /// Takes a file that has all its rows.
    void ended(FileRows file) {
        files.add(file);
        rows += file.rows().size();
        flushIfFull();
    }

    /// Takes a file that is gone.
    void removed(VolumePath path) {
        removals.add(path);
        flushIfFull();
    }

    /// Writes what was taken.
    void flush() {
        if (!files.isEmpty() || !removals.isEmpty()) {
            write(files);
            tally.filesDone += files.size() + removals.size();
            tally.filesDeleted += removals.size();
            files.clear();
            removals.clear();
            rows = 0;
        }
    }

    private void flushIfFull() {
        if (rows >= MAX_ROWS || files.size() + removals.size() >= MAX_FILES) {
            flush();
        }
    }

    private void write(List<FileRows> written) {
        try {
            writeTogether(written, removals);
        } catch (QuernException e) {
            if (e.kind() != ErrorKind.INVALID) {
                throw e;
            }
            writeApart(written);
        }
    }

    private void writeTogether(List<FileRows> written, List<VolumePath> gone) {
        List<Row> upserts = new ArrayList<>();
        List<VolumePath> deletes = new ArrayList<>(gone);
        for (FileRows file : written) {
            upserts.addAll(file.rows());
            if (file.mustDelete()) {
                deletes.add(file.path());
            }
        }
        if (upserts.isEmpty() && deletes.isEmpty()) {
            return;
        }
        WriteResult result =
                writer.write(
                        new WriteBatch(
                                upserts,
                                List.of(),
                                deletes.isEmpty()
                                        ? Optional.empty()
                                        : Optional.of(IndexedFile.rowsOf(volume, deletes))));
        tally.rowsUpserted += result.upserted();
        tally.rowsDeleted += result.deleted();
        written.forEach(FileRows::noteWritten);
    }

    /// A file that the collection does not take must not keep the others out.
    private void writeApart(List<FileRows> written) {
        writeTogether(List.of(), removals);
        for (FileRows file : written) {
            try {
                writeTogether(List.of(file), List.of());
            } catch (QuernException e) {
                if (e.kind() != ErrorKind.INVALID) {
                    throw e;
                }
                tally.skipFile(file, String.valueOf(e.getMessage()));
                writeTogether(List.of(file), List.of());
            }
        }
    }
}
