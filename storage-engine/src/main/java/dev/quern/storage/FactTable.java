package dev.quern.storage;

import dev.quern.storage.FactChanges.Change;
import java.util.List;

/// Where the applied state lies: a sorted table whose writes are atomic but not durable until
/// [#flush]. What it loses in a crash is replayed from the log, so it may lose any number of its
/// last writes, but nothing in between. Reads are thread-safe; one thread writes.
interface FactTable extends FactState, AutoCloseable {
    /// Asked before anything is logged.
    ///
    /// @throws dev.quern.common.QuernException if a write has no chance now
    void admit();

    /// Applies all changes, in order, or none.
    void write(List<Change> changes);

    /// Makes everything that was written durable.
    void flush();

    /// Opens the table again after a failed write. It then holds what was flushed, perhaps more, up
    /// to some write; `replay` brings it up to date before anyone else can read it. When this
    /// fails, reads are `UNAVAILABLE` until it succeeds.
    void reopen(Runnable replay);

    /// The state as it is now, whatever is written later.
    Snapshot snapshot();

    @Override
    void close();

    /// A state that does not change. Thread-safe. `UNAVAILABLE` once the table was opened again or
    /// closed.
    interface Snapshot extends FactState, AutoCloseable {
        @Override
        void close();
    }
}
