package dev.quern.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.FlushOptions;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.Options;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;
import org.rocksdb.Snapshot;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/// A small RocksDB: one column family, little memory, quiet. After a failed write RocksDB refuses
/// all others until it is opened again, so [#reopen] does that in place; while the disk is too full
/// even for that, reads go on.
///
/// Thread-safe. Iterations hold off a reopening, so they must be short.
final class Rocks implements AutoCloseable {
    private static final long WRITE_BUFFER_BYTES = 4L << 20;
    private static final long FACT_BUFFER_BYTES = 8L << 20;
    private static final double MEMORY_FILTER_RATIO = 0.05;
    private static final int MAX_OPEN_FILES = 256;
    private static final long REOPEN_AFTER_NANOS = 1_000_000_000;

    static {
        RocksDB.loadLibrary();
    }

    private final Disk disk;
    private final Path directory;
    private final BloomFilter filter = new BloomFilter(10);
    private final Options options;
    private final ReadWriteLock lock = new ReentrantReadWriteLock();

    @GuardedBy("lock")
    private @Nullable RocksDB db;

    /// Changes whenever the database is closed, with which its snapshots go.
    @GuardedBy("lock")
    private long opening;

    private volatile boolean writable;

    /// Why the last opening for writing failed, and when by the nano clock.
    private volatile @Nullable QuernException refusal;

    private volatile long refusedNanos;

    /// Opens a database, making it when absent. The cache stays the caller's.
    Rocks(Disk disk, Path directory, Cache cache) throws RocksDBException {
        this(disk, directory, cache, WRITE_BUFFER_BYTES);
    }

    /// A database for facts: each write looks its keys up first, so that a key that is new should
    /// be known as such from the filters alone, in memory as on the disk.
    static Rocks forFacts(Disk disk, Path directory, Cache cache) throws RocksDBException {
        return new Rocks(disk, directory, cache, FACT_BUFFER_BYTES);
    }

    private Rocks(Disk disk, Path directory, Cache cache, long writeBufferBytes)
            throws RocksDBException {
        this.disk = disk;
        this.directory = directory;
        BlockBasedTableConfig table =
                new BlockBasedTableConfig()
                        .setBlockCache(cache)
                        .setCacheIndexAndFilterBlocks(true)
                        .setPinL0FilterAndIndexBlocksInCache(true)
                        .setFilterPolicy(filter);
        options =
                new Options()
                        .setCreateIfMissing(true)
                        .setWriteBufferSize(writeBufferBytes)
                        .setMemtablePrefixBloomSizeRatio(MEMORY_FILTER_RATIO)
                        .setMemtableWholeKeyFiltering(true)
                        .setMaxWriteBufferNumber(3)
                        .setMaxOpenFiles(MAX_OPEN_FILES)
                        .setMaxBackgroundJobs(2)
                        .setTableFormatConfig(table)
                        .setInfoLogLevel(InfoLogLevel.ERROR_LEVEL)
                        .setKeepLogFileNum(1)
                        .setStatsDumpPeriodSec(0)
                        .setStatsPersistPeriodSec(0);
        boolean opened = false;
        try {
            db = RocksDB.open(options, directory.toString());
            writable = true;
            opened = true;
        } finally {
            if (!opened) {
                closeOptions();
            }
        }
    }

    Path directory() {
        return directory;
    }

    byte @Nullable [] get(byte[] key) {
        lock.readLock().lock();
        try {
            return database().get(key);
        } catch (RocksDBException e) {
            throw StorageErrors.of("cannot read database " + directory, e);
        } finally {
            lock.readLock().unlock();
        }
    }

    /// As it was when the snapshot was taken.
    byte @Nullable [] get(RocksSnapshot snapshot, byte[] key) {
        lock.readLock().lock();
        try (ReadOptions read = new ReadOptions()) {
            return database(snapshot, read).get(read, key);
        } catch (RocksDBException e) {
            throw StorageErrors.of("cannot read database " + directory, e);
        } finally {
            lock.readLock().unlock();
        }
    }

    /// Sees keys and values from `from` (inclusive) to `to` (exclusive), in order, until it says
    /// false.
    void scan(byte[] from, byte[] to, EntryVisitor visitor) {
        scan(null, from, to, false, visitor);
    }

    /// The same, in either direction, now or as it was when the snapshot was taken.
    void scan(
            @Nullable RocksSnapshot snapshot,
            byte[] from,
            byte[] to,
            boolean descending,
            EntryVisitor visitor) {
        if (Arrays.compareUnsigned(from, to) >= 0) {
            return;
        }
        lock.readLock().lock();
        try (Slice start = new Slice(from);
                Slice end = new Slice(to);
                ReadOptions read =
                        new ReadOptions().setIterateLowerBound(start).setIterateUpperBound(end);
                RocksIterator entries = database(snapshot, read).newIterator(read)) {
            visit(entries, descending, visitor);
        } catch (RocksDBException e) {
            throw StorageErrors.of("cannot read database " + directory, e);
        } finally {
            lock.readLock().unlock();
        }
    }

    private static void visit(RocksIterator entries, boolean descending, EntryVisitor visitor)
            throws RocksDBException {
        if (descending) {
            entries.seekToLast();
        } else {
            entries.seekToFirst();
        }
        while (entries.isValid() && visitor.visit(entries.key(), entries.value())) {
            if (descending) {
                entries.prev();
            } else {
                entries.next();
            }
        }
        entries.status();
    }

    @GuardedBy("lock")
    private RocksDB database(@Nullable RocksSnapshot snapshot, ReadOptions read) {
        RocksDB open = database();
        if (snapshot != null) {
            if (snapshot.opening != opening || snapshot.closed) {
                throw new QuernException(
                        ErrorKind.UNAVAILABLE,
                        "view of database "
                                + directory
                                + " is closed, or the database was opened again");
            }
            read.setSnapshot(snapshot.snapshot);
        }
        return open;
    }

    /// The database as it is now.
    RocksSnapshot snapshot() {
        lock.readLock().lock();
        try {
            RocksDB open = database();
            return new RocksSnapshot(open, opening, open.getSnapshot());
        } finally {
            lock.readLock().unlock();
        }
    }

    /// The database as it was, until this is closed or the database is.
    final class RocksSnapshot implements AutoCloseable {
        private final RocksDB of;
        private final long opening;
        private final Snapshot snapshot;
        private volatile boolean closed;

        private RocksSnapshot(RocksDB of, long opening, Snapshot snapshot) {
            this.of = of;
            this.opening = opening;
            this.snapshot = snapshot;
        }

        /// Waits for reads that are under way, for what they read is freed here.
        @Override
        public void close() {
            lock.writeLock().lock();
            try {
                if (!closed && opening == Rocks.this.opening) {
                    of.releaseSnapshot(snapshot);
                }
                closed = true;
            } finally {
                lock.writeLock().unlock();
            }
        }
    }

    /// Applies a batch. When this fails, [#reopen] tells whether it is in.
    ///
    /// @param sync whether to make it durable before returning
    void write(WriteBatch batch, boolean sync) {
        try (WriteOptions write = new WriteOptions().setSync(sync)) {
            write(batch, write);
        }
        if (sync) {
            disk.synced(directory);
        }
    }

    /// Applies a batch that is not durable before the next [#flush].
    void writeUnlogged(WriteBatch batch) {
        try (WriteOptions write = new WriteOptions().setDisableWAL(true)) {
            write(batch, write);
        }
    }

    private void write(WriteBatch batch, WriteOptions options) {
        String what = "cannot write database " + directory;
        lock.readLock().lock();
        try {
            disk.admit(directory);
            database().write(options, batch);
        } catch (IOException e) {
            writable = false;
            throw StorageErrors.of(what, e);
        } catch (RocksDBException e) {
            writable = false;
            throw StorageErrors.of(what, e);
        } finally {
            lock.readLock().unlock();
        }
    }

    /// Makes everything that was written durable.
    void flush() {
        String what = "cannot flush database " + directory;
        lock.readLock().lock();
        try (FlushOptions flush = new FlushOptions().setWaitForFlush(true)) {
            disk.admit(directory);
            database().flush(flush);
        } catch (IOException e) {
            throw StorageErrors.of(what, e);
        } catch (RocksDBException e) {
            throw StorageErrors.of(what, e);
        } finally {
            lock.readLock().unlock();
        }
    }

    /// Makes sure that a write has a chance: after a failed one, opens the database again, but not
    /// over and over.
    ///
    /// @return whether it was opened again
    /// @throws QuernException why it cannot be written now
    boolean ensureWritable() {
        if (writable) {
            return false;
        }
        QuernException before = refusal;
        if (before == null || System.nanoTime() - refusedNanos > REOPEN_AFTER_NANOS) {
            reopen();
            before = refusal;
        }
        if (before != null) {
            throw new QuernException(
                    before.kind(), String.valueOf(before.getMessage()), before.details(), before);
        }
        return true;
    }

    /// Opens the database again after a failed write, if only for reading.
    ///
    /// @throws QuernException if it cannot even be read; a later try may succeed
    void reopen() {
        lock.writeLock().lock();
        try {
            if (!options.isOwningHandle()) {
                throw QuernException.internal("database " + directory + " is closed", null);
            }
            closeDatabase();
            refusal = openForWriting();
            writable = refusal == null;
            refusedNanos = System.nanoTime();
            if (!writable) {
                db = RocksDB.openReadOnly(options, directory.toString());
            }
        } catch (RocksDBException e) {
            throw StorageErrors.of("cannot read database " + directory, e);
        } finally {
            lock.writeLock().unlock();
        }
    }

    /// Opens the database again for writing, and lets nobody read before `then` has returned. When
    /// that fails it stays closed, so that nobody can take what is left for all there is.
    void reopen(Runnable then) {
        lock.writeLock().lock();
        boolean done = false;
        try {
            if (!options.isOwningHandle()) {
                throw QuernException.internal("database " + directory + " is closed", null);
            }
            closeDatabase();
            QuernException refused = openForWriting();
            if (refused != null) {
                throw refused;
            }
            then.run();
            writable = true;
            done = true;
        } finally {
            if (!done) {
                closeDatabase();
            }
            lock.writeLock().unlock();
        }
    }

    @GuardedBy("lock")
    private @Nullable QuernException openForWriting() {
        try {
            dropOldLogs();
            disk.admit(directory);
            db = RocksDB.open(options, directory.toString());
            return null;
        } catch (IOException e) {
            return StorageErrors.of("cannot open database " + directory, e);
        } catch (RocksDBException e) {
            return StorageErrors.of("cannot open database " + directory, e);
        }
    }

    /// Every opening leaves one, and RocksDB does not clear them away while it cannot write.
    private void dropOldLogs() throws IOException {
        for (Path file : disk.list(directory, "")) {
            if (String.valueOf(file.getFileName()).startsWith("LOG.old.")) {
                disk.delete(file);
            }
        }
    }

    @GuardedBy("lock")
    private RocksDB database() {
        if (db == null) {
            throw new QuernException(
                    ErrorKind.UNAVAILABLE, "database " + directory + " is not open", null);
        }
        return db;
    }

    @GuardedBy("lock")
    private void closeDatabase() {
        writable = false;
        opening++;
        if (db != null) {
            db.close();
            db = null;
        }
    }

    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            closeDatabase();
            closeOptions();
        } finally {
            lock.writeLock().unlock();
        }
    }

    private void closeOptions() {
        options.close();
        filter.close();
    }
}
