package dev.quern.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.storage.FactChanges.Change;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// A table in memory that forgets everything since the last flush when it is opened again, or when
/// a test says that the machine crashed. It outlives the log that closes it, as a disk would.
final class LossyFactTable implements FactTable {
    @GuardedBy("this")
    private NavigableMap<byte[], byte[]> entries = new TreeMap<>(Arrays::compareUnsigned);

    @GuardedBy("this")
    private NavigableMap<byte[], byte[]> flushed = new TreeMap<>(Arrays::compareUnsigned);

    @GuardedBy("this")
    private long opening;

    private volatile @Nullable QuernException writeFailure;
    private volatile @Nullable QuernException reopenFailure;

    /// Makes writes and flushes fail so, or work again.
    void failWrites(@Nullable QuernException error) {
        writeFailure = error;
    }

    /// Makes opening again fail so, or work again.
    void failReopening(@Nullable QuernException error) {
        reopenFailure = error;
    }

    /// Forgets what was not flushed.
    synchronized void crash() {
        entries = copy(flushed);
        opening++;
    }

    /// Writes one entry past the log, for good, as damage would.
    synchronized void damage(byte[] key, byte[] value) {
        entries.put(key, value);
        flushed.put(key, value);
    }

    private static NavigableMap<byte[], byte[]> copy(NavigableMap<byte[], byte[]> map) {
        return new TreeMap<>(map);
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
        return copy(entries);
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
        List<Map.Entry<byte[], byte[]>> all =
                new ArrayList<>((descending ? range.descendingMap() : range).entrySet());
        for (Map.Entry<byte[], byte[]> entry : all) {
            if (!visitor.visit(entry.getKey(), entry.getValue())) {
                return;
            }
        }
    }

    @Override
    public void admit() {
        // Writes fail only once the group is in the log.
    }

    @Override
    public synchronized void write(List<Change> changes) {
        fail(writeFailure);
        for (Change change : changes) {
            switch (change) {
                case Change.Put(byte[] key, byte[] value) -> entries.put(key, value);
                case Change.Delete(byte[] key) -> entries.remove(key);
                case Change.DeleteRange(byte[] from, byte[] to) ->
                        entries.subMap(from, true, to, false).clear();
            }
        }
    }

    @Override
    public synchronized void flush() {
        fail(writeFailure);
        flushed = copy(entries);
    }

    @Override
    public synchronized void reopen(Runnable replay) {
        fail(reopenFailure);
        crash();
        replay.run();
    }

    private static void fail(@Nullable QuernException error) {
        if (error != null) {
            throw error;
        }
    }

    @Override
    public synchronized Snapshot snapshot() {
        return new Frozen(copy(entries), opening);
    }

    @Override
    public void close() {}

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
