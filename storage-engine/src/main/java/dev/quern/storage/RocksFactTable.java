package dev.quern.storage;

import dev.quern.storage.FactChanges.Change;
import dev.quern.storage.RocksHandle.RocksSnapshot;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.rocksdb.Cache;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;

/// The applied state in RocksDB, without RocksDB's own log.
final class RocksFactTable implements FactTable {
    private static final int BATCH_BYTES = 64 << 10;

    private final Disk disk;
    private final Rocks rocks;

    private RocksFactTable(Disk disk, Rocks rocks) {
        this.disk = disk;
        this.rocks = rocks;
    }

    /// Opens the database in a directory, making it when absent. The cache stays the caller's.
    static RocksFactTable open(Disk disk, Path directory, Cache cache) {
        try {
            disk.createDirectories(directory);
            return new RocksFactTable(disk, Rocks.forFacts(disk, directory, cache));
        } catch (IOException e) {
            throw StorageErrors.of("cannot open facts database " + directory, e);
        } catch (RocksDBException e) {
            throw StorageErrors.of("cannot open facts database " + directory, e);
        }
    }

    @Override
    public byte @Nullable [] get(byte[] key) {
        return rocks.get(key);
    }

    @Override
    public void scan(byte[] from, byte[] to, boolean descending, EntryVisitor visitor) {
        rocks.scan(null, from, to, descending, visitor);
    }

    @Override
    public void admit() {
        try {
            disk.admit(rocks.directory());
        } catch (IOException e) {
            throw StorageErrors.of("cannot write facts database " + rocks.directory(), e);
        }
    }

    @Override
    public void write(List<Change> changes) {
        try (WriteBatch batch = new WriteBatch(BATCH_BYTES)) {
            for (Change change : changes) {
                add(batch, change);
            }
            rocks.writeUnlogged(batch);
        } catch (RocksDBException e) {
            throw StorageErrors.of("cannot write facts database " + rocks.directory(), e);
        }
    }

    private static void add(WriteBatch batch, Change change) throws RocksDBException {
        switch (change) {
            case Change.Put(byte[] key, byte[] value) -> batch.put(key, value);
            case Change.Delete(byte[] key) -> batch.delete(key);
            case Change.DeleteRange(byte[] from, byte[] to) -> batch.deleteRange(from, to);
        }
    }

    @Override
    public void flush() {
        rocks.flush();
    }

    @Override
    public void reopen(Runnable replay) {
        rocks.reopen(replay);
    }

    @Override
    public Snapshot snapshot() {
        return new TableSnapshot(rocks, rocks.snapshot());
    }

    @Override
    public void close() {
        rocks.close();
    }

    private record TableSnapshot(Rocks rocks, RocksSnapshot snapshot) implements Snapshot {
        @Override
        public byte @Nullable [] get(byte[] key) {
            return rocks.get(snapshot, key);
        }

        @Override
        public void scan(byte[] from, byte[] to, boolean descending, EntryVisitor visitor) {
            rocks.scan(snapshot, from, to, descending, visitor);
        }

        @Override
        public void close() {
            snapshot.close();
        }
    }
}
