package dev.quern.vector;

import dev.quern.common.ErrorKind;
import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/// What a write that depends on rows comes to.
///
/// @param batch whole rows to write and ids of rows to delete that are there
/// @param skipped rows that the write's mode passed over
record Resolution(WriteBatch batch, WriteResult.Skipped skipped) {
    /// Decides.
    ///
    /// @param write checked; no id comes twice
    /// @param current by id, the rows that are there: for a patch whole ones, else their versions
    /// @throws QuernException `CONFLICT` naming the first row whose version is not the one expected
    static Resolution of(RowWrite write, Map<String, Row> current) {
        write.rows().forEach(change -> require(change.row().id(), change.ifVersion(), current));
        write.deletes().forEach(delete -> require(delete.id(), delete.ifVersion(), current));
        List<Row> upserts = new ArrayList<>();
        List<String> skipped = new ArrayList<>();
        for (RowChange change : write.rows()) {
            Row found = current.get(change.row().id());
            switch (write.mode()) {
                case UPSERT -> upserts.add(change.row());
                case INSERT -> keep(found == null, change.row(), upserts, skipped);
                case UPDATE -> keep(found != null, change.row(), upserts, skipped);
                case PATCH ->
                        keep(
                                found != null,
                                found == null ? change.row() : change.appliedTo(found),
                                upserts,
                                skipped);
            }
        }
        List<String> deletes = new ArrayList<>();
        for (RowWrite.Delete delete : write.deletes()) {
            if (current.containsKey(delete.id())) {
                deletes.add(delete.id());
            }
        }
        return new Resolution(
                new WriteBatch(upserts, deletes, Optional.empty()),
                WriteResult.Skipped.of(skipped));
    }

    private static void keep(boolean wanted, Row row, List<Row> upserts, List<String> skipped) {
        if (wanted) {
            upserts.add(row);
        } else {
            skipped.add(row.id());
        }
    }

    private static void require(String id, OptionalLong expected, Map<String, Row> current) {
        if (expected.isEmpty()) {
            return;
        }
        Row row = current.get(id);
        long found = row == null ? 0 : row.version();
        if (found != expected.getAsLong()) {
            throw new QuernException(
                    ErrorKind.CONFLICT,
                    "row \""
                            + Names.abbreviate(id)
                            + "\": expected "
                            + phrase(expected.getAsLong())
                            + ", found "
                            + phrase(found)
                            + "; nothing was written");
        }
    }

    private static String phrase(long version) {
        return version == 0 ? "no row" : "version " + version;
    }

    boolean isNothing() {
        return batch.upserts().isEmpty() && batch.deleteIds().isEmpty();
    }
}
