package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.storage.SimDisk.Loss;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.rocksdb.LRUCache;
import org.rocksdb.RocksDB;

/// A chunk store and a log of facts on a [SimDisk], through any number of crashes. The state that
/// the log leads to is a [LossyFactTable], which loses its last writes when a process dies. The
/// index of chunks, which is hardly ever synced, is a database in a real directory: at a power
/// failure it is found as it was, as it was when the store was opened if it was not synced since,
/// or not at all. Not thread-safe.
final class SimEngine implements AutoCloseable {
    private static final long CACHE_BYTES = 1 << 20;

    private final Path root;
    private final RandomGenerator random;
    private final Expected expected;
    private SimDisk disk;
    private LossyFactTable table;
    private Optional<OperatorKey> operator = Optional.empty();
    private Optional<OperatorKey> previous = Optional.empty();
    private long millis = 1_000_000;
    private @Nullable Parts parts;

    /// What is open.
    private record Parts(
            LRUCache cache,
            PackChunkStore chunks,
            EmbeddedMetaLog facts,
            KeyRing keys,
            Maintenance maintenance) {}

    static {
        RocksDB.loadLibrary();
    }

    /// An empty disk.
    ///
    /// @param root an empty directory of the machine
    /// @param expected hears of the transactions that the engine commits itself
    SimEngine(Path root, RandomGenerator random, Expected expected) {
        this.root = root;
        this.random = random;
        this.expected = expected;
        this.disk = new SimDisk(random, path -> path.startsWith(index(root)));
        this.table = LossyFactTable.on(disk, directory(), writes -> random.nextInt(writes + 1));
    }

    private static Path index(Path root) {
        return root.resolve("data/chunks/index");
    }

    private Path directory() {
        return root.resolve("data/facts");
    }

    SimDisk disk() {
        return disk;
    }

    boolean isOpen() {
        return parts != null;
    }

    /// The chunks, opened if they are not.
    PackChunkStore chunks() {
        return open().chunks;
    }

    /// What looks after them, in the caller's thread.
    Maintenance maintenance() {
        return open().maintenance;
    }

    /// The data keys.
    KeyRing keys() {
        return open().keys;
    }

    /// The operator key, which the next opening takes.
    Optional<OperatorKey> operator() {
        return operator;
    }

    /// Whether the operator key was changed since the engine was opened.
    boolean isRewrapping() {
        return previous.isPresent();
    }

    /// Opens with these keys from the next time on.
    ///
    /// @param before what the data keys may still be wrapped by
    void operator(OperatorKey key, Optional<OperatorKey> before) {
        operator = Optional.of(key);
        previous = before;
    }

    /// What the clock says, in milliseconds since 1970.
    long millis() {
        return millis;
    }

    /// Moves the clock on.
    void pass(long more) {
        millis += more;
    }

    /// The facts, opened if they are not.
    EmbeddedMetaLog facts() {
        return open().facts;
    }

    /// Opens what is not open.
    @SuppressWarnings("MustBeClosedChecker") // closed by close, kill or powerLoss
    private Parts open() {
        Parts open = parts;
        if (open != null) {
            return open;
        }
        keepIndex();
        StorageConfig config = Engines.config(root.resolve("data"));
        LRUCache cache = new LRUCache(CACHE_BYTES);
        PackChunkStore chunks = null;
        EmbeddedMetaLog log = null;
        try {
            PackChunkStore.Sources sources =
                    new PackChunkStore.Sources(random, () -> Instant.ofEpochMilli(millis));
            chunks = PackChunkStore.open(disk, root.resolve("data/chunks"), config, sources, cache);
            log =
                    EmbeddedMetaLog.open(
                            disk, directory(), config, chunks, table, random, new DirectExecutor());
            MetaLog facts = expected.recording(log);
            KeyRing keys = KeyRing.open(facts, operator, previous, random);
            chunks.bind(keys);
            RootRegistry roots = new RootRegistry();
            roots.register(new TestRoots(facts));
            roots.register(ChunkRoots.none("x", "y", KeyRing.KIND));
            Maintenance maintenance =
                    Maintenance.of(
                            chunks,
                            facts,
                            roots,
                            new Operations(() -> Instant.ofEpochMilli(millis)));
            open = new Parts(cache, chunks, log, keys, maintenance);
            parts = open;
            previous = Optional.empty();
            return open;
        } finally {
            if (open == null) {
                close(log);
                close(chunks);
                cache.close();
            }
        }
    }

    private static void close(@Nullable MetaLog facts) {
        try {
            if (facts != null) {
                facts.close();
            }
        } catch (QuernException e) {
            return; // as for chunks
        }
    }

    private static void close(@Nullable ChunkStore chunks) {
        try {
            if (chunks != null) {
                chunks.close();
            }
        } catch (QuernException e) {
            return; // its disk fails, which is why it is closed
        }
    }

    /// Ends the process and lets the machine go on.
    void kill() {
        next(disk.kill());
    }

    /// Ends process and machine.
    void powerLoss(Loss loss) {
        boolean synced = disk.isSynced(index(root));
        next(disk.powerLoss(loss));
        switch (random.nextInt(3)) {
            case 0 -> delete(index(root));
            case 1 -> {
                if (!synced) {
                    delete(index(root));
                    copy(root.resolve("index-before"), index(root));
                }
            }
            default -> {}
        }
    }

    /// Frees what the dead process holds of the machine, and goes on with another disk.
    private void next(SimDisk next) {
        LossyFactTable left = table.afterCrash(next, directory());
        Parts dead = parts;
        parts = null;
        if (dead != null) {
            try {
                dead.facts.close();
            } catch (QuernException e) {
                check(disk.isOff(), e);
            }
            close(dead.chunks);
            dead.cache.close();
        }
        disk = next;
        table = left;
    }

    private static void check(boolean holds, QuernException otherwise) {
        if (!holds) {
            throw otherwise;
        }
    }

    /// Closes the engine as a server does that is told to stop.
    ///
    /// @throws AssertionError if a file or a mapping stays open
    @Override
    public void close() {
        Parts closed = parts;
        parts = null;
        if (closed != null) {
            try (closed.cache;
                    closed.chunks;
                    closed.facts) {
                settle(closed.facts);
            }
            if (disk.held() != 0) {
                throw new AssertionError(disk.held() + " files or mappings stay open");
            }
        }
    }

    /// Returns when the thread that applies transactions has nothing to do, so that its calls to
    /// the disk have their place in the order of all.
    static void settle(EmbeddedMetaLog facts) {
        while (!facts.queue().isIdle()) {
            Thread.onSpinWait();
        }
    }

    private void keepIndex() {
        disk.forgetSynced(index(root));
        delete(root.resolve("index-before"));
        copy(index(root), root.resolve("index-before"));
    }

    private static void copy(Path from, Path to) {
        if (!Files.isDirectory(from)) {
            return;
        }
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(from.relativize(file)));
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /// Deletes a directory, if it is there.
    static void delete(Path directory) {
        if (!Files.isDirectory(directory)) {
            return;
        }
        try (Stream<Path> files = Files.walk(directory)) {
            List<Path> found = files.toList();
            for (Path file : found.reversed()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
