package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.storage.RocksHandle.RocksSnapshot;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.IndexType;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.Options;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/// A small RocksDB: one column family, little memory, quiet. It can be opened again in place
/// ([RocksHandle]).
///
/// Thread-safe. Iterations hold off a reopening, so they must be short.
final class Rocks implements AutoCloseable {
    private static final long WRITE_BUFFER_BYTES = 4L << 20;
    private static final long FACT_BUFFER_BYTES = 16L << 20;
    private static final double MEMORY_FILTER_RATIO = 0.05;
    private static final int MAX_OPEN_FILES = 256;

    /// Of a part of a file's index or filter. A whole one is larger than a shard of the cache, so
    /// that it would be read again for each look-up.
    private static final long METADATA_BYTES = 16 << 10;

    static {
        RocksDB.loadLibrary();
    }

    private final Disk disk;
    private final Path directory;
    private final BloomFilter filter = new BloomFilter(10);
    private final Options options;
    private final RocksHandle handle;

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
                        .setIndexType(IndexType.kTwoLevelIndexSearch)
                        .setPartitionFilters(true)
                        .setMetadataBlockSize(METADATA_BYTES)
                        .setCacheIndexAndFilterBlocks(true)
                        .setPinL0FilterAndIndexBlocksInCache(true)
                        .setPinTopLevelIndexAndFilter(true)
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
            handle = new RocksHandle(disk, directory, options);
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
        return handle.read(db -> db.get(key));
    }

    /// As it was when the snapshot was taken.
    byte @Nullable [] get(RocksSnapshot snapshot, byte[] key) {
        try (ReadOptions read = new ReadOptions()) {
            return handle.read(snapshot, read, db -> db.get(read, key));
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
        try (Slice start = new Slice(from);
                Slice end = new Slice(to);
                ReadOptions read =
                        new ReadOptions().setIterateLowerBound(start).setIterateUpperBound(end)) {
            RocksHandle.Read<Boolean> visit = db -> visit(db, read, descending, visitor);
            if (snapshot == null) {
                handle.read(visit);
            } else {
                handle.read(snapshot, read, visit);
            }
        }
    }

    /// Returns whether it came to the end.
    private static boolean visit(
            RocksDB db, ReadOptions read, boolean descending, EntryVisitor visitor)
            throws RocksDBException {
        try (RocksIterator entries = db.newIterator(read)) {
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
            return !entries.isValid();
        }
    }

    /// The database as it is now.
    RocksSnapshot snapshot() {
        return handle.snapshot();
    }

    /// Applies a batch. When this fails, [#ensureWritable] or [#reopen] tells whether it is in.
    ///
    /// @param sync whether to make it durable before returning
    void write(WriteBatch batch, boolean sync) {
        try (WriteOptions write = new WriteOptions().setSync(sync)) {
            handle.write(batch, write);
        }
        if (sync) {
            disk.synced(directory);
        }
    }

    /// Applies a batch that is not durable before the next [#flush].
    void writeUnlogged(WriteBatch batch) {
        try (WriteOptions write = new WriteOptions().setDisableWAL(true)) {
            handle.write(batch, write);
        }
    }

    /// Makes everything that was written durable.
    void flush() {
        handle.flush();
    }

    /// Makes sure that a write has a chance ([RocksHandle#ensureWritable]).
    ///
    /// @return whether the database was opened again
    /// @throws QuernException why it cannot be written now
    boolean ensureWritable() {
        return handle.ensureWritable();
    }

    /// Opens the database again after a failed write, and lets nobody read before `then` has
    /// returned ([RocksHandle#reopen(Runnable)]).
    void reopen(Runnable then) {
        handle.reopen(then);
    }

    @Override
    public void close() {
        handle.close();
        closeOptions();
    }

    private void closeOptions() {
        options.close();
        filter.close();
    }
}
