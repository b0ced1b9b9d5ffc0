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
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// A table of facts in memory that loses its last writes in a crash, as a database without a log of
/// its own does: back to its last flush, or to some write after that. The disk may refuse a write,
/// but not those of a reopening. Thread-safe: one monitor.
final class SimTable implements FactTable {
    private final Disk disk;
    private final Path name;
    private final RandomGenerator random;

    @GuardedBy("this")
    private NavigableMap<byte[], byte[]> values;

    @GuardedBy("this")
    private NavigableMap<byte[], byte[]> flushed;

    @GuardedBy("this")
    private final List<List<Change>> unflushed = new ArrayList<>();

    @GuardedBy("this")
    private boolean gone;

    private volatile boolean reopening;

    /// An empty table.
    ///
    /// @param disk is asked before each write
    SimTable(Disk disk, Path name, RandomGenerator random) {
        this(disk, name, random, new TreeMap<>(Arrays::compareUnsigned));
    }

    private SimTable(
            Disk disk, Path name, RandomGenerator random, NavigableMap<byte[], byte[]> values) {
        this.disk = disk;
        this.name = name;
        this.random = random;
        this.values = new TreeMap<>(values);
        this.flushed = new TreeMap<>(values);
    }

    /// What the next process finds.
    synchronized SimTable afterCrash(Disk next) {
        gone = true;
        loseWrites();
        return new SimTable(next, name, random, values);
    }

    @GuardedBy("this")
    private void loseWrites() {
        values = new TreeMap<>(flushed);
        int kept = random.nextInt(unflushed.size() + 1);
        unflushed.subList(0, kept).forEach(changes -> change(values, changes));
        unflushed.clear();
        flushed = new TreeMap<>(values);
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
        try {
            disk.admit(name);
        } catch (IOException e) {
            throw StorageErrors.of("cannot write database " + name, e);
        }
    }

    @Override
    public void write(List<Change> changes) {
        if (!reopening) {
            admit();
        }
        synchronized (this) {
            change(values, changes);
            unflushed.add(List.copyOf(changes));
        }
    }

    @Override
    public void flush() {
        admit();
        synchronized (this) {
            flushed = new TreeMap<>(values);
            unflushed.clear();
        }
    }

    @Override
    public void reopen(Runnable replay) {
        synchronized (this) {
            loseWrites();
        }
        reopening = true;
        try {
            replay.run();
        } finally {
            reopening = false;
        }
    }

    @Override
    public synchronized byte @Nullable [] get(byte[] key) {
        return values.get(key);
    }

    @Override
    public void scan(byte[] from, byte[] to, boolean descending, EntryVisitor visitor) {
        scan(copy(), from, to, descending, visitor);
    }

    private synchronized NavigableMap<byte[], byte[]> copy() {
        if (gone) {
            throw new QuernException(ErrorKind.UNAVAILABLE, "database " + name + " is closed");
        }
        return new TreeMap<>(values);
    }

    private static void scan(
            NavigableMap<byte[], byte[]> values,
            byte[] from,
            byte[] to,
            boolean descending,
            EntryVisitor visitor) {
        if (Arrays.compareUnsigned(from, to) >= 0) {
            return;
        }
        NavigableMap<byte[], byte[]> range = values.subMap(from, true, to, false);
        for (Map.Entry<byte[], byte[]> entry :
                (descending ? range.descendingMap() : range).entrySet()) {
            if (!visitor.visit(entry.getKey(), entry.getValue())) {
                return;
            }
        }
    }

    @Override
    public Snapshot snapshot() {
        NavigableMap<byte[], byte[]> frozen = copy();
        return new Snapshot() {
            @Override
            public byte @Nullable [] get(byte[] key) {
                return frozen.get(key);
            }

            @Override
            public void scan(byte[] from, byte[] to, boolean descending, EntryVisitor visitor) {
                SimTable.scan(frozen, from, to, descending, visitor);
            }

            @Override
            public void close() {
                // Memory only.
            }
        };
    }

    @Override
    public void close() {
        // The bytes stay for the next opening.
    }
}
