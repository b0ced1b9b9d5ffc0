package dev.quern.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.storage.FactChanges.Change;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/// A table of facts in memory that loses its last writes in a crash or when it is opened again, as
/// a database without a log of its own does: back to its last flush, or to some write after that.
/// It outlives the log that closes it, as a disk would. Thread-safe: one monitor.
final class LossyFactTable implements FactTable {
    /// Who is asked before each write, but not before those of a reopening.
    private final Admission admission;

    /// How many of so many writes survive a crash.
    private final IntUnaryOperator survivors;

    @GuardedBy("this")
    private NavigableMap<byte[], byte[]> entries = new TreeMap<>(Arrays::compareUnsigned);

    @GuardedBy("this")
    private NavigableMap<byte[], byte[]> flushed = new TreeMap<>(Arrays::compareUnsigned);

    @GuardedBy("this")
    private final List<List<Change>> unflushed = new ArrayList<>();

    @GuardedBy("this")
    private long opening;

    /// Whether the process that had it is gone.
    @GuardedBy("this")
    private boolean gone;

    private volatile boolean reopening;
    private volatile @Nullable QuernException writeFailure;
    private volatile @Nullable QuernException reopenFailure;

    private interface Admission {
        void ask();
    }

    /// An empty table that forgets everything since the last flush, and can always be written.
    LossyFactTable() {
        this(() -> {}, _ -> 0);
    }

    /// An empty table.
    ///
    /// @param disk is asked before each write
    /// @param survivors of so many writes since the last flush, how many a crash leaves
    static LossyFactTable on(Disk disk, Path name, IntUnaryOperator survivors) {
        return new LossyFactTable(admission(disk, name), survivors);
    }

    private LossyFactTable(Admission admission, IntUnaryOperator survivors) {
        this.admission = admission;
        this.survivors = survivors;
    }

    private static Admission admission(Disk disk, Path name) {
        return () -> {
            try {
                disk.admit(name);
            } catch (IOException e) {
                throw StorageErrors.of("cannot write database " + name, e);
            }
        };
    }

    /// Makes writes and flushes fail so, or work again.
    void failWrites(@Nullable QuernException error) {
        writeFailure = error;
    }

    /// Makes opening again fail so, or work again.
    void failReopening(@Nullable QuernException error) {
        reopenFailure = error;
    }

    /// Loses writes that were not flushed.
    synchronized void crash() {
        entries = new TreeMap<>(flushed);
        int kept = survivors.applyAsInt(unflushed.size());
        unflushed.subList(0, kept).forEach(changes -> change(entries, changes));
        unflushed.clear();
        flushed = new TreeMap<>(entries);
        opening++;
    }

    /// What the next process finds; this one can no longer read it.
    synchronized LossyFactTable afterCrash(Disk next, Path name) {
        gone = true;
        crash();
        LossyFactTable found = on(next, name, survivors);
        synchronized (found) {
            found.entries.putAll(entries);
            found.flushed.putAll(flushed);
        }
        return found;
    }

    /// Writes one entry past the log, for good, as damage would.
    synchronized void damage(byte[] key, byte[] value) {
        entries.put(key, value);
        flushed.put(key, value);
    }

    private static void change(NavigableMap<byte[], byte[]> map, List<Change> changes) {
        for (Change change : changes) {
            switch (change) {
                case Change.Put(byte[] key, byte[] value) -> map.put(key, value);
                case Change.Delete(byte[] key) -> map.remove(key);
                case Change.DeleteRange(byte[] from, byte[] to) ->
                        map.subMap(from, true, to, false).clear();
            }
        }
    }

    @Override
    public void admit() {
        admission.ask();
    }

    @Override
    public void write(List<Change> changes) {
        if (!reopening) {
            admit();
        }
        fail(writeFailure);
        synchronized (this) {
            change(entries, changes);
            unflushed.add(List.copyOf(changes));
        }
    }

    @Override
    public void flush() {
        admit();
        fail(writeFailure);
        synchronized (this) {
            flushed = new TreeMap<>(entries);
            unflushed.clear();
        }
    }

    @Override
    public synchronized void reopen(Runnable replay) {
        fail(reopenFailure);
        crash();
        reopening = true;
        try {
            replay.run();
        } finally {
            reopening = false;
        }
    }

    private static void fail(@Nullable QuernException error) {
        if (error != null) {
            throw error;
        }
    }

    @Override
    public synchronized byte @Nullable [] get(byte[] key) {
        return entries.get(key);
    }

    @Override
    public void scan(byte[] from, byte[] to, boolean descending, EntryVisitor visitor) {
        scan(now(), from, to, descending, visitor);
    }

    private synchronized NavigableMap<byte[], byte[]> now() {
        if (gone) {
            throw new QuernException(ErrorKind.UNAVAILABLE, "table of facts is closed");
        }
        return new TreeMap<>(entries);
    }

    private static void scan(
            NavigableMap<byte[], byte[]> map,
            byte[] from,
            byte[] to,
            boolean descending,
            EntryVisitor visitor) {
        if (Arrays.compareUnsigned(from, to) >= 0) {
            return;
        }
        NavigableMap<byte[], byte[]> range = map.subMap(from, true, to, false);
        for (Map.Entry<byte[], byte[]> entry :
                (descending ? range.descendingMap() : range).entrySet()) {
            if (!visitor.visit(entry.getKey(), entry.getValue())) {
                return;
            }
        }
    }

    @Override
    public synchronized Snapshot snapshot() {
        return new Frozen(now(), opening);
    }

    @Override
    public void close() {
        // The bytes stay for the next opening.
    }

    private final class Frozen implements Snapshot {
        private final NavigableMap<byte[], byte[]> state;
        private final long taken;
        private volatile boolean closed;

        Frozen(NavigableMap<byte[], byte[]> state, long taken) {
            this.state = state;
            this.taken = taken;
        }

        private NavigableMap<byte[], byte[]> state() {
            synchronized (LossyFactTable.this) {
                if (closed || taken != opening) {
                    throw new QuernException(ErrorKind.UNAVAILABLE, "snapshot is closed");
                }
                return state;
            }
        }

        @Override
        public byte @Nullable [] get(byte[] key) {
            return state().get(key);
        }

        @Override
        public void scan(byte[] from, byte[] to, boolean descending, EntryVisitor visitor) {
            LossyFactTable.scan(state(), from, to, descending, visitor);
        }

        @Override
        public void close() {
            closed = true;
        }
    }
}
