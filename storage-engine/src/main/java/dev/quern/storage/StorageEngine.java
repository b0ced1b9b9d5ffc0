package dev.quern.storage;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.Executors;
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
    private final Path directory;
    private final RootRegistry roots = new RootRegistry();
    private final KeyedChunks chunks;
    private final MetaLog facts;
    private final KeyRing keys;
    private final Operations operations;
    private final Maintenance maintenance;

    /// What is injected.
    private record Sources(Disk disk, RandomGenerator random, InstantSource clock) {}

    private StorageEngine(StorageConfig config, Sources sources, @Nullable TieredChunks tiered) {
        boolean opened = false;
        directory = config.directory();
        operations = new Operations(sources.clock);
        Disk disk = sources.disk;
        try {
            disk.createDirectories(directory);
            opening(lock(directory.resolve("lock"), directory));
            requireRestored(directory);
            LRUCache cache = opening(new LRUCache(config.cacheSize().bytes()));
            chunks = opening(chunks(config, sources, cache, tiered));
            facts =
                    opening(
                            EmbeddedMetaLog.open(
                                    disk,
                                    directory.resolve("facts"),
                                    config,
                                    chunks,
                                    RocksFactTable.open(disk, directory.resolve("facts"), cache),
                                    sources.random,
                                    Executors.newSingleThreadExecutor(
                                            Thread.ofPlatform()
                                                    .name("quern-facts-keeper")
                                                    .daemon()
                                                    .factory())));
            keys =
                    KeyRing.open(
                            facts,
                            config.operatorKey(),
                            config.previousOperatorKey(),
                            sources.random);
            chunks.bind(keys);
            roots.register(ChunkRoots.none(KeyRing.KIND));
            maintenance = opening(maintenance(chunks, facts, roots, operations));
            opening(operations);
            opened = true;
        } catch (IOException e) {
            throw StorageErrors.of("cannot open data directory " + config.directory(), e);
        } finally {
            if (!opened) {
                close();
            }
        }
    }

    private static Maintenance maintenance(
            KeyedChunks chunks, MetaLog facts, RootRegistry roots, Operations operations) {
        return chunks instanceof TierChunkStore tiered
                ? Maintenance.of(tiered, facts, roots, operations)
                : Maintenance.of((PackChunkStore) chunks, facts, roots, operations);
    }

    /// Opens the directory, making it when absent.
    ///
    /// @throws QuernException `CONFLICT` if another engine has the directory open; `CORRUPT` naming
    ///   the file if its bytes do not match; `INVALID` if a later version wrote it, or it is
    ///   encrypted and the operator key is missing or another; `UNAVAILABLE` if it cannot be read
    ///   or written
    @MustBeClosed
    public static StorageEngine open(StorageConfig config) {
        return open(config, new LocalDisk(), new SecureRandom());
    }

    /// Opens the directory on another disk, as tests do.
    @MustBeClosed
    static StorageEngine open(StorageConfig config, Disk disk, RandomGenerator random) {
        return open(config, disk, random, InstantSource.system());
    }

    /// With another clock too.
    @MustBeClosed
    static StorageEngine open(
            StorageConfig config, Disk disk, RandomGenerator random, InstantSource clock) {
        return new StorageEngine(config, new Sources(disk, random, clock), null);
    }

    /// Opens the directory with its chunks in a tier; only facts, and what can be lost, are in the
    /// directory.
    ///
    /// @throws QuernException as [#open(StorageConfig)], and `INVALID` if the directory has chunks
    ///   of its own or belongs to the store of another tier
    @MustBeClosed
    public static StorageEngine open(StorageConfig config, TieredChunks tiered) {
        Sources sources = new Sources(new LocalDisk(), new SecureRandom(), tiered.clock());
        return new StorageEngine(config, sources, tiered);
    }

    private static void requireRestored(Path directory) throws IOException {
        Path marker = directory.resolve(BackupRestore.MARKER);
        if (Files.exists(marker)) {
            throw QuernException.invalid(
                    "data directory "
                            + directory
                            + " has an unfinished restore of backup "
                            + Files.readString(marker).strip()
                            + ": run it again");
        }
    }

    @SuppressWarnings("MustBeClosedChecker") // handed on
    private static KeyedChunks chunks(
            StorageConfig config, Sources sources, LRUCache cache, @Nullable TieredChunks tiered) {
        Path own = config.directory().resolve("chunks");
        Path shared = config.directory().resolve("chunks-tier");
        if (Files.exists(tiered == null ? shared : own)) {
            throw QuernException.invalid(
                    "data directory "
                            + config.directory()
                            + " has its chunks "
                            + (tiered == null
                                    ? "in a tier"
                                    : "in itself, not in " + tiered.tier()));
        }
        return tiered == null
                ? PackChunkStore.open(
                        sources.disk,
                        own,
                        config,
                        new PackChunkStore.Sources(sources.random, sources.clock),
                        cache)
                : new TierChunkStore(
                        TierStoreParts.open(
                                tiered.tier(),
                                new TierStoreParts.Setup(
                                        sources.disk,
                                        shared,
                                        config,
                                        tiered.cacheSize().bytes(),
                                        sources.random,
                                        tiered.clock(),
                                        cache)));
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

    /// Where everything is kept.
    Path directory() {
        return directory;
    }

    /// The bytes.
    public ChunkStore chunks() {
        return chunks;
    }

    /// The facts.
    public MetaLog facts() {
        return facts;
    }

    /// Encrypts the new chunks of a space with a new data key from here on; old ones stay as they
    /// are and readable.
    ///
    /// @return the id of the new key
    /// @throws QuernException `INVALID` if no operator key is configured
    public int rotateDataKey(SpaceId space) {
        return keys.rotateDataKey(space);
    }

    /// Wraps the data keys of all spaces by another operator key, with which the directory must be
    /// opened from here on. Chunks are not touched. If it breaks off, open with the new key and the
    /// old one as the previous.
    ///
    /// @throws QuernException `INVALID` if the old key is not the one that wrapped them
    public void rotateOperatorKey(OperatorKey old, OperatorKey next) {
        keys.rotateOperatorKey(old, next);
    }

    /// Who answers for the facts that name chunks: every service that commits some registers here.
    public RootRegistry roots() {
        return roots;
    }

    /// Whether new chunks are encrypted.
    public boolean isEncrypted() {
        return keys.encrypts();
    }

    /// Counts for metrics, cheap to take.
    public StorageCounts counts() {
        ChunkStore.ChunkStats stats = chunks.stats();
        GcReport.Count removed = maintenance.gcRemoved();
        return new StorageCounts(
                stats.chunks(),
                stats.storedBytes(),
                stats.packs(),
                Math.max(0, stats.storedBytes() - chunks.liveBytes()),
                chunks.damaged(),
                removed.chunks(),
                removed.bytes(),
                facts.appliedIndex(),
                chunks instanceof TierChunkStore tiered
                        ? Optional.of(tiered.cacheStats())
                        : Optional.empty());
    }

    /// Looks after the chunks, wherever they are.
    public Maintenance maintenance() {
        return maintenance;
    }

    /// The runs of maintenance and of backups.
    public Operations operations() {
        return operations;
    }

    /// Cancels the operations that run, makes everything durable and closes it. A lease that is still
    /// open stays readable.
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
