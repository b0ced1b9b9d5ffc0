package dev.quern.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.Options;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/// A small RocksDB: one column family, little memory, quiet. After a failed write RocksDB refuses
/// all others until it is opened again, so [#reopen] does that in place; while the disk is too full
/// even for that, reads go on.
///
/// Thread-safe. Iterations hold off a reopening, so they must be short.
final class Rocks implements AutoCloseable {
    private static final long WRITE_BUFFER_BYTES = 4L << 20;
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

    private volatile boolean writable;

    /// Why the last opening for writing failed, and when by the nano clock.
    private volatile @Nullable QuernException refusal;

    private volatile long refusedNanos;

    /// Opens a database, making it when absent. The cache stays the caller's.
    Rocks(Disk disk, Path directory, Cache cache) throws RocksDBException {
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
                        .setWriteBufferSize(WRITE_BUFFER_BYTES)
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

    /// Sees keys and values from `from` (inclusive) to `to` (exclusive), in order, until it says
    /// false.
    void scan(byte[] from, byte[] to, Visitor visitor) {
        lock.readLock().lock();
        try (Slice end = new Slice(to);
                ReadOptions read = new ReadOptions().setIterateUpperBound(end);
                RocksIterator entries = database().newIterator(read)) {
            entries.seek(from);
            while (entries.isValid() && visitor.visit(entries.key(), entries.value())) {
                entries.next();
            }
            entries.status();
        } catch (RocksDBException e) {
            throw StorageErrors.of("cannot read database " + directory, e);
        } finally {
            lock.readLock().unlock();
        }
    }

    /// Applies a batch. When this fails, [#reopen] tells whether it is in.
    ///
    /// @param sync whether to make it durable before returning
    void write(WriteBatch batch, boolean sync) {
        String what = "cannot write database " + directory;
        lock.readLock().lock();
        try (WriteOptions write = new WriteOptions().setSync(sync)) {
            disk.admit(directory);
            database().write(write, batch);
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

    /// Takes one entry.
    interface Visitor {
        /// Returns whether to go on.
        boolean visit(byte[] key, byte[] value);
    }
}
