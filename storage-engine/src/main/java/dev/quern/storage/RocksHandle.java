package dev.quern.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;
import org.rocksdb.FlushOptions;
import org.rocksdb.Options;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.Snapshot;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/// An open RocksDB. After a failed write RocksDB refuses all others until it is opened again, so
/// [#reopen] does that in place; while the disk is too full even for that, reads go on.
///
/// Thread-safe. Reads hold off a reopening, so they must be short.
final class RocksHandle implements AutoCloseable {
    private static final long REOPEN_AFTER_NANOS = 1_000_000_000;

    private final Disk disk;
    private final Path directory;
    private final Options options;
    private final ReadWriteLock lock = new ReentrantReadWriteLock();

    @GuardedBy("lock")
    private @Nullable RocksDB db;

    /// Changes whenever the database is closed, with which its snapshots go.
    @GuardedBy("lock")
    private long opening;

    @GuardedBy("lock")
    private boolean closed;

    private volatile boolean writable = true;

    /// Why the last opening for writing failed, and when by the nano clock.
    private volatile @Nullable QuernException refusal;

    private volatile long refusedNanos;

    /// Opens a database. The options stay the caller's.
    RocksHandle(Disk disk, Path directory, Options options) throws RocksDBException {
        this.disk = disk;
        this.directory = directory;
        this.options = options;
        this.db = RocksDB.open(options, directory.toString());
    }

    /// Something that is read from the open database.
    interface Read<T extends @Nullable Object> {
        /// Reads it.
        T from(RocksDB db) throws RocksDBException;
    }

    /// Reads the database as it is now.
    <T extends @Nullable Object> T read(Read<T> what) {
        lock.readLock().lock();
        try {
            return what.from(database());
        } catch (RocksDBException e) {
            throw StorageErrors.of("cannot read database " + directory, e);
        } finally {
            lock.readLock().unlock();
        }
    }

    /// Reads the database as it was when the snapshot was taken.
    ///
    /// @param read what is read with, which is made to see the snapshot
    <T extends @Nullable Object> T read(RocksSnapshot snapshot, ReadOptions read, Read<T> what) {
        lock.readLock().lock();
        try {
            if (snapshot.opening != opening || snapshot.closed) {
                throw new QuernException(
                        ErrorKind.UNAVAILABLE,
                        "view of database "
                                + directory
                                + " is closed, or the database was opened again");
            }
            read.setSnapshot(snapshot.snapshot);
            return what.from(database());
        } catch (RocksDBException e) {
            throw StorageErrors.of("cannot read database " + directory, e);
        } finally {
            lock.readLock().unlock();
        }
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
                if (!closed && opening == RocksHandle.this.opening) {
                    of.releaseSnapshot(snapshot);
                }
                closed = true;
            } finally {
                lock.writeLock().unlock();
            }
        }
    }

    /// Applies a batch. When this fails, [#reopen] tells whether it is in.
    void write(WriteBatch batch, WriteOptions how) {
        String what = "cannot write database " + directory;
        lock.readLock().lock();
        try {
            disk.admit(directory);
            database().write(how, batch);
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
            closeForReopening();
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
            closeForReopening();
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
    private void closeForReopening() {
        if (closed) {
            throw QuernException.internal("database " + directory + " is closed", null);
        }
        closeDatabase();
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
            closed = true;
            closeDatabase();
        } finally {
            lock.writeLock().unlock();
        }
    }
}
