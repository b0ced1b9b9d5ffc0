package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.FactChanges.Change;
import dev.quern.storage.MetaLog.Fact;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.rocksdb.Cache;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The facts on disk, with the index of the last transaction in them. Reads are thread-safe; one
/// thread writes.
final class FactStore implements FactState, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(FactStore.class);
    private static final int BATCH_BYTES = 64 << 10;

    private final Disk disk;
    private final Path directory;
    private final long minFreeBytes;
    private final Rocks rocks;
    private volatile long appliedIndex;

    private FactStore(Disk disk, Path directory, long minFreeBytes, Rocks rocks) {
        this.disk = disk;
        this.directory = directory;
        this.minFreeBytes = minFreeBytes;
        this.rocks = rocks;
    }

    /// Opens the database, making it when absent. The cache stays the caller's.
    ///
    /// @param minFreeBytes free disk below which nothing is written
    static FactStore open(Disk disk, Path directory, long minFreeBytes, Cache cache) {
        Rocks rocks = null;
        boolean opened = false;
        try {
            disk.createDirectories(directory);
            rocks = new Rocks(disk, directory, cache);
            FactStore store = new FactStore(disk, directory, minFreeBytes, rocks);
            store.checkVersion();
            store.appliedIndex = store.readApplied();
            opened = true;
            return store;
        } catch (IOException e) {
            throw StorageErrors.of("cannot open facts database " + directory, e);
        } catch (RocksDBException e) {
            throw StorageErrors.of("cannot open facts database " + directory, e);
        } finally {
            if (!opened && rocks != null) {
                rocks.close();
            }
        }
    }

    private void checkVersion() throws RocksDBException {
        byte[] stored = rocks.get(FactFormat.VERSION_KEY);
        if (stored == null) {
            try (WriteBatch batch = new WriteBatch()) {
                batch.put(FactFormat.VERSION_KEY, new byte[] {0, 0, 0, FactFormat.VERSION});
                rocks.write(batch, true);
            }
        } else if (FactFormat.number(stored, 4) != FactFormat.VERSION) {
            throw QuernException.invalid(
                    "facts database "
                            + directory
                            + " has version "
                            + FactFormat.number(stored, 4)
                            + ", this build reads up to "
                            + FactFormat.VERSION);
        }
    }

    private long readApplied() {
        byte[] stored = rocks.get(FactFormat.APPLIED_KEY);
        return stored == null ? 0 : FactFormat.number(stored, 8);
    }

    /// The index of the last transaction that is durable and can be read.
    long appliedIndex() {
        return appliedIndex;
    }

    @Override
    public byte @Nullable [] get(byte[] key) {
        return rocks.get(key);
    }

    Optional<Fact> find(SpaceId space, Key key) {
        byte[] encoded = FactFormat.key(space, key);
        byte[] value = rocks.get(encoded);
        return value == null
                ? Optional.empty()
                : Optional.of(FactFormat.fact(space, encoded, value));
    }

    List<Fact> scan(SpaceId space, Key prefix, Optional<Key> after, int limit) {
        byte[] from = FactFormat.key(space, prefix);
        byte[] to = FactFormat.afterPrefix(from);
        if (after.isPresent()) {
            byte[] next = FactFormat.after(FactFormat.key(space, after.get()));
            from = Arrays.compareUnsigned(next, from) > 0 ? next : from;
        }
        List<Fact> facts = new ArrayList<>();
        rocks.scan(
                from,
                to,
                (key, value) -> {
                    facts.add(FactFormat.fact(space, key, value));
                    return facts.size() < limit;
                });
        return facts;
    }

    /// Looks at one fact of each space.
    List<SpaceId> spaces(Optional<SpaceId> after, int limit) {
        List<SpaceId> spaces = new ArrayList<>();
        byte[] from = after.map(FactFormat::afterSpace).orElse(FactFormat.firstFact());
        boolean more = true;
        while (more && spaces.size() < limit) {
            int before = spaces.size();
            rocks.scan(
                    from,
                    FactFormat.afterFacts(),
                    (key, _) -> {
                        spaces.add(FactFormat.space(key));
                        return false;
                    });
            more = spaces.size() > before;
            from = more ? FactFormat.afterSpace(spaces.getLast()) : from;
        }
        return spaces;
    }

    /// Looks at one fact of each kind.
    List<String> kinds(SpaceId space) {
        List<String> kinds = new ArrayList<>();
        byte[] from = FactFormat.spaceStart(space);
        boolean more = true;
        while (more) {
            int before = kinds.size();
            rocks.scan(
                    from,
                    FactFormat.afterSpace(space),
                    (key, value) -> {
                        Key found = FactFormat.fact(space, key, value).key();
                        kinds.add(found.components().getFirst());
                        return false;
                    });
            more = kinds.size() > before;
            from =
                    more
                            ? FactFormat.afterPrefix(FactFormat.key(space, Key.of(kinds.getLast())))
                            : from;
        }
        return kinds;
    }

    /// Comes before a batch is applied: what the last transaction was may have to be found out.
    ///
    /// @throws QuernException if nothing can be written now
    void prepareWrite() {
        if (rocks.ensureWritable()) {
            appliedIndex = readApplied();
        }
        requireRoom();
    }

    /// Makes changes durable and visible, all or none, with the index they lead to.
    ///
    /// @throws QuernException if they are not in; `UNAVAILABLE` if even that cannot be told yet
    void write(List<Change> changes, long index) {
        try (WriteBatch batch = new WriteBatch(BATCH_BYTES)) {
            for (Change change : changes) {
                add(batch, change);
            }
            batch.put(FactFormat.APPLIED_KEY, FactFormat.number(index));
            rocks.write(batch, true);
            appliedIndex = index;
        } catch (RocksDBException e) {
            throw StorageErrors.of("cannot write facts database " + directory, e);
        } catch (QuernException e) {
            LOG.warn("facts database {}: write failed: {}", directory, e.getMessage());
            rocks.reopen();
            appliedIndex = readApplied();
            if (appliedIndex != index) {
                throw e;
            }
        }
    }

    private static void add(WriteBatch batch, Change change) throws RocksDBException {
        switch (change) {
            case Change.Put(byte[] key, byte[] value) -> batch.put(key, value);
            case Change.Delete(byte[] key) -> batch.delete(key);
            case Change.DeleteRange(byte[] from, byte[] to) -> batch.deleteRange(from, to);
        }
    }

    private void requireRoom() {
        try {
            long usable = disk.usableBytes(directory);
            if (usable < minFreeBytes) {
                throw StorageErrors.full(
                        "cannot write facts in " + directory, usable, minFreeBytes);
            }
        } catch (IOException e) {
            throw StorageErrors.of("cannot tell the free space of " + directory, e);
        }
    }

    @Override
    public void close() {
        rocks.close();
    }
}
