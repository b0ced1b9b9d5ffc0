package dev.quern.vector;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The rows that writes changed since the index was last shown, kept while writes that look at rows
/// come, so that not each of these has to have the index shown. It knows either every change since
/// then or, beyond its bound, nothing. Not thread-safe.
final class RecentRows {
    private static final int MAX_ROWS = 10_000;
    private static final long MAX_BYTES = 4 << 20;
    private static final int ENTRY_BYTES = 300;

    /// By id; empty for a row that is gone. Null while changes are not kept.
    private @Nullable Map<String, Optional<Row>> rows;

    private long bytes;

    /// Whether anybody looked since the index was shown.
    private boolean used;

    /// The index shows everything.
    void shown() {
        rows = used ? new HashMap<>() : null;
        bytes = 0;
        used = false;
    }

    /// Whether the changes are known.
    boolean isKept() {
        return rows != null;
    }

    /// Keeps changes from now on. The index shows everything.
    void keep() {
        used = true;
        shown();
    }

    /// A batch was applied.
    void add(WriteBatch batch, long token) {
        Map<String, Optional<Row>> kept = rows;
        if (kept == null) {
            return;
        }
        batch.deleteIds().forEach(id -> kept.put(id, Optional.empty()));
        bytes += (long) batch.deleteIds().size() * ENTRY_BYTES;
        for (Row row : batch.upserts()) {
            kept.put(row.id(), Optional.of(row.stamped(token, row.expires())));
            bytes += RowReader.size(row) + ENTRY_BYTES;
        }
        if (batch.deleteWhere().isPresent() || kept.size() > MAX_ROWS || bytes > MAX_BYTES) {
            rows = null;
        }
    }

    /// Those of these rows that changed. The changes are known.
    Map<String, Optional<Row>> find(Collection<String> ids) {
        used = true;
        Map<String, Optional<Row>> kept = rows;
        Map<String, Optional<Row>> found = new HashMap<>();
        if (kept != null) {
            for (String id : ids) {
                Optional<Row> change = kept.get(id);
                if (change != null) {
                    found.put(id, change);
                }
            }
        }
        return found;
    }
}
