package dev.quern.storage;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.storage.FactChanges.Change;
import dev.quern.storage.LogCursor.Located;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The applied state: a table, and the position in the log that it has got to. What the table loses
/// is replayed from the log. Reads are thread-safe; one thread writes.
final class FactStore implements FactState, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(FactStore.class);
    private static final int REPLAY_CHANGES = 10_000;
    private static final long REOPEN_AFTER_NANOS = 1_000_000_000;

    private final FactTable table;
    private final FactHasher hasher = new FactHasher();

    /// Of the table; written by one thread.
    private LogPosition position;

    /// Why the table has not all that the log has, and since when it was last tried.
    private @Nullable QuernException behind;

    private long triedNanos;

    private FactStore(FactTable table, LogPosition position) {
        this.table = table;
        this.position = position;
    }

    /// Takes over the state in a table, an empty one when it is new.
    ///
    /// @throws QuernException `INVALID` if a later version wrote it, or a snapshot was not read in
    ///   to its end
    static FactStore open(FactTable table) {
        byte[] stored = table.get(FactFormat.VERSION_KEY);
        long version = stored == null ? 0 : FactFormat.number(stored, 4);
        if (version > FactFormat.VERSION) {
            throw QuernException.invalid(
                    "facts database has version "
                            + version
                            + ", this build reads up to "
                            + FactFormat.VERSION);
        }
        if (table.get(FactFormat.IMPORTING_KEY) != null) {
            throw QuernException.invalid(
                    "facts database holds part of a snapshot: read the snapshot in again");
        }
        FactStore store = new FactStore(table, LogPosition.START);
        store.position = version < FactFormat.VERSION ? store.takeOver() : store.readPosition();
        return store;
    }

    /// Makes this version of a new table or one of version 1, which was its own log: what RocksDB
    /// recovered from that is all there is.
    private LogPosition takeOver() {
        byte[] applied = table.get(FactFormat.APPLIED_KEY);
        long index = applied == null ? 0 : FactFormat.number(applied, 8);
        LogPosition taken = new LogPosition(index, hashOfAll());
        if (index > 0) {
            LOG.info("facts database of version 1 taken over at {}", taken);
        }
        table.write(
                List.of(
                        new Change.Put(
                                FactFormat.VERSION_KEY, new byte[] {0, 0, 0, FactFormat.VERSION}),
                        new Change.Put(FactFormat.POSITION_KEY, FactFormat.position(taken)),
                        new Change.Delete(FactFormat.APPLIED_KEY)));
        table.flush();
        return taken;
    }

    /// The hash of the state, computed from every fact.
    StateHash hashOfAll() {
        StateHash[] sum = {StateHash.EMPTY};
        table.scan(
                FactFormat.firstFact(),
                FactFormat.afterFacts(),
                false,
                (key, value) -> {
                    sum[0] = sum[0].plus(hasher.hash(key, value));
                    return true;
                });
        return sum[0];
    }

    private LogPosition readPosition() {
        return position(table);
    }

    /// The position of a state.
    ///
    /// @throws QuernException `CORRUPT` if it has none
    static LogPosition position(FactState state) {
        byte[] stored = state.get(FactFormat.POSITION_KEY);
        return FactFormat.position(stored == null ? new byte[0] : stored);
    }

    /// How far the table has got.
    LogPosition position() {
        return position;
    }

    @Override
    public byte @Nullable [] get(byte[] key) {
        return table.get(key);
    }

    @Override
    public void scan(byte[] from, byte[] to, boolean descending, EntryVisitor visitor) {
        table.scan(from, to, descending, visitor);
    }

    FactTable.Snapshot snapshot() {
        return table.snapshot();
    }

    /// Changes on top of the state.
    FactChanges begin() {
        return new FactChanges(table, hasher, position.hash());
    }

    /// Applies what the log has after the position.
    ///
    /// @param log readable to `lastIndex`
    /// @throws QuernException `CORRUPT` naming file and offset if an entry does not lead to the
    ///   hash that it led to when it was first applied
    void replay(FactLog log, long lastIndex) {
        LogCursor cursor = log.cursor(position.index() + 1);
        FactChanges changes = begin();
        LogPosition reached = position;
        while (reached.index() < lastIndex) {
            Located next = cursor.next();
            replay(changes, next);
            reached = next.entry().position();
            if (changes.changes().size() >= REPLAY_CHANGES) {
                put(changes, reached);
                changes = begin();
            }
        }
        if (reached.index() > position.index()) {
            put(changes, reached);
        }
    }

    private static void replay(FactChanges changes, Located next) {
        LogEntry entry = next.entry();
        Txn txn = TxnFormat.decode(entry.txn());
        QuernException conflict = TxnApplier.conflict(changes, txn);
        if (conflict == null) {
            TxnApplier.apply(changes, txn, entry.index());
        }
        if (conflict != null || !changes.hash().equals(entry.after())) {
            String why =
                    conflict == null
                            ? "state hash " + entry.after() + ", got " + changes.hash()
                            : "its conditions hold, but " + conflict.getMessage();
            throw QuernException.corrupt(
                    "replay of entry "
                            + entry.index()
                            + " in log segment "
                            + next.file()
                            + " at offset "
                            + next.offset()
                            + " must give "
                            + why);
        }
    }

    /// Comes before a group is logged.
    ///
    /// @throws QuernException if nothing can be written now
    void prepareWrite(FactLog log, long lastIndex) {
        table.admit();
        if (behind != null) {
            if (System.nanoTime() - triedNanos < REOPEN_AFTER_NANOS) {
                throw again(behind);
            }
            catchUp(log, lastIndex);
        }
    }

    /// Applies a group that is in the log. When the table cannot take it, it is opened again and
    /// brought up to date from the log.
    ///
    /// @throws QuernException `UNAVAILABLE` if even that fails; the group shows once it succeeds
    void write(FactChanges changes, LogPosition next, FactLog log) {
        try {
            put(changes, next);
        } catch (QuernException e) {
            LOG.warn("facts database: write failed, opened again: {}", e.getMessage());
            try {
                catchUp(log, next.index());
            } catch (QuernException again) {
                throw new QuernException(
                        ErrorKind.UNAVAILABLE,
                        "transactions to "
                                + next.index()
                                + " are in the log and will show once the facts database can be"
                                + " written: "
                                + again.getMessage(),
                        again);
            }
        }
    }

    private void put(FactChanges changes, LogPosition next) {
        List<Change> all = new ArrayList<>(changes.changes());
        all.add(new Change.Put(FactFormat.POSITION_KEY, FactFormat.position(next)));
        table.write(all);
        position = next;
    }

    private void catchUp(FactLog log, long lastIndex) {
        triedNanos = System.nanoTime();
        try {
            table.reopen(() -> {
                position = readPosition();
                replay(log, lastIndex);
            });
            behind = null;
        } catch (QuernException e) {
            LOG.error("facts database cannot be brought up to date", e);
            behind = e;
            throw again(e);
        }
    }

    private static QuernException again(QuernException e) {
        return new QuernException(e.kind(), String.valueOf(e.getMessage()), e.details(), e);
    }

    /// Makes the state durable without the log.
    void flush() {
        table.flush();
    }

    @Override
    public void close() {
        table.close();
    }
}
