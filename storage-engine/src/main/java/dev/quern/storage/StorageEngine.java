package dev.quern.storage;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.rocksdb.LRUCache;
import org.rocksdb.RocksDB;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Both primitives on one directory, which no other process may open meanwhile: `lock`, `chunks/`
/// and `facts/`. Opens them in this order and closes them in reverse. Thread-safe.
public final class StorageEngine implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StorageEngine.class);

    static {
        RocksDB.loadLibrary();
    }

    private final Deque<AutoCloseable> parts = new ArrayDeque<>();
    private final ChunkStore chunks;
    private final MetaLog facts;

    private StorageEngine(StorageConfig config, Disk disk, RandomGenerator random) {
        boolean opened = false;
        try {
            Path directory = config.directory();
            disk.createDirectories(directory);
            opening(lock(directory.resolve("lock"), directory));
            LRUCache cache = opening(new LRUCache(config.cacheSize().bytes()));
            chunks =
                    opening(
                            PackChunkStore.open(
                                    disk, directory.resolve("chunks"), config, random, cache));
            facts =
                    opening(
                            EmbeddedMetaLog.open(
                                    disk,
                                    directory.resolve("facts"),
                                    config,
                                    chunks,
                                    RocksFactTable.open(disk, directory.resolve("facts"), cache),
                                    random));
            opened = true;
        } catch (IOException e) {
            throw StorageErrors.of("cannot open data directory " + config.directory(), e);
        } finally {
            if (!opened) {
                close();
            }
        }
    }

    /// Opens the directory, making it when absent.
    ///
    /// @throws QuernException `CONFLICT` if another engine has the directory open; `CORRUPT` naming
    ///   the file if its bytes do not match; `INVALID` if a later version wrote it; `UNAVAILABLE`
    ///   if it cannot be read or written
    @MustBeClosed
    public static StorageEngine open(StorageConfig config) {
        return open(config, new LocalDisk(), new SecureRandom());
    }

    /// Opens the directory on another disk, as tests do.
    @MustBeClosed
    static StorageEngine open(StorageConfig config, Disk disk, RandomGenerator random) {
        return new StorageEngine(config, disk, random);
    }

    private static FileChannel lock(Path file, Path directory) throws IOException {
        FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = null;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            LOG.debug("{} is held by this process", file, e);
        } finally {
            if (lock == null) {
                channel.close();
            }
        }
        if (lock == null) {
            throw QuernException.conflict(
                    "data directory " + directory + " is in use by another server");
        }
        return channel;
    }

    private <T extends AutoCloseable> T opening(T part) {
        parts.push(part);
        return part;
    }

    /// The bytes.
    public ChunkStore chunks() {
        return chunks;
    }

    /// The facts.
    public MetaLog facts() {
        return facts;
    }

    /// Makes everything durable and closes it. A lease that is still open stays readable.
    @Override
    public void close() {
        QuernException failed = null;
        while (!parts.isEmpty()) {
            failed = close(parts.pop(), failed);
        }
        if (failed != null) {
            throw failed;
        }
    }

    private static @Nullable QuernException close(
            AutoCloseable part, @Nullable QuernException before) {
        try {
            part.close();
            return before;
        } catch (Exception e) {
            QuernException error =
                    e instanceof QuernException known
                            ? known
                            : QuernException.internal("cannot close the storage engine", e);
            if (before != null) {
                error.addSuppressed(before);
            }
            return error;
        }
    }
}
