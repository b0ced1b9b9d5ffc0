package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.storage.FactChanges.Change;
import java.util.ArrayList;
import java.util.List;

/// Fills an empty table with facts. Not thread-safe.
final class FactImport {
    private final FactTable table;
    private final FactHasher hasher = new FactHasher();
    private final List<Change> pending = new ArrayList<>();
    private StateHash hash = StateHash.EMPTY;

    private FactImport(FactTable table) {
        this.table = table;
    }

    /// Marks the table, so that nothing takes it for whole, and clears away what an import before
    /// left behind.
    ///
    /// @throws QuernException `CONFLICT` if it holds anything else
    static FactImport begin(FactTable table) {
        boolean[] used = {false};
        if (table.get(FactFormat.IMPORTING_KEY) == null) {
            table.scan(
                    new byte[0],
                    FactFormat.end(),
                    false,
                    (_, _) -> {
                        used[0] = true;
                        return false;
                    });
        }
        if (used[0]) {
            throw QuernException.conflict(
                    "a snapshot of facts can be read into an empty directory only");
        }
        table.write(
                List.of(
                        new Change.Put(FactFormat.IMPORTING_KEY, new byte[0]),
                        new Change.DeleteRange(FactFormat.firstFact(), FactFormat.end())));
        table.flush();
        return new FactImport(table);
    }

    /// Adds a fact with its index entries.
    void add(byte[] key, byte[] value) {
        hash = hash.plus(hasher.hash(key, value));
        pending.add(new Change.Put(key, value));
        for (byte[] entry : FactFormat.indexEntries(key, value)) {
            pending.add(new Change.Put(entry, new byte[0]));
        }
    }

    /// Changes that are not written yet.
    int pending() {
        return pending.size();
    }

    void write() {
        table.write(List.copyOf(pending));
        pending.clear();
    }

    /// Makes the table whole and durable.
    ///
    /// @throws QuernException `CORRUPT` if its facts are not those of the position
    void finish(LogPosition position) {
        if (!hash.equals(position.hash())) {
            throw QuernException.corrupt(
                    "snapshot of facts at "
                            + position.index()
                            + " must have the state hash "
                            + position.hash()
                            + ", got "
                            + hash);
        }
        write();
        table.flush();
        table.write(
                List.of(
                        new Change.Put(
                                FactFormat.VERSION_KEY, new byte[] {0, 0, 0, FactFormat.VERSION}),
                        new Change.Put(FactFormat.POSITION_KEY, FactFormat.position(position)),
                        new Change.Delete(FactFormat.IMPORTING_KEY)));
        table.flush();
    }
}
