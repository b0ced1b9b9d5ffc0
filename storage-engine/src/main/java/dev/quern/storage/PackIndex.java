package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.rocksdb.Cache;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Where each durable chunk lies. Only an index: all of it can be found again by scanning the
/// packs, so it is never synced, and thrown away when it is damaged or of another version. Integers
/// are big-endian.
///
/// | key | value |
/// |---|---|
/// | `v` | 4 bytes: version of this table, 1 |
/// | `p`, 8 bytes pack id | 8 bytes indexed through this offset, 8 bytes chunks, 1 byte 1 if nothing will be appended |
/// | `c`, space, 0, 32 bytes SHA-256 | 8 bytes pack id, 8 bytes offset of the record |
///
/// Thread-safe.
final class PackIndex implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PackIndex.class);
    private static final byte[] VERSION_KEY = {'v'};
    private static final byte[] VERSION = {0, 0, 0, 1};

    private final Rocks rocks;
    private final boolean isNew;

    /// Where a chunk is.
    record Location(long packId, long offset) {}

    /// How much of a pack is indexed.
    ///
    /// @param indexedThrough every record before this offset is in the index
    /// @param chunks how many those are
    /// @param closed whether nothing will be appended any more
    record PackState(long indexedThrough, long chunks, boolean closed) {
        static final PackState NEW = new PackState(PackFormat.HEADER_BYTES, 0, false);
    }

    private PackIndex(Rocks rocks, boolean isNew) {
        this.rocks = rocks;
        this.isNew = isNew;
    }

    /// Opens the index, an empty one when there is none that can be used.
    static PackIndex open(Disk disk, Path directory, Cache cache) throws IOException {
        disk.createDirectories(directory);
        try {
            Rocks rocks = new Rocks(disk, directory, cache);
            if (isOurs(rocks)) {
                return new PackIndex(rocks, false);
            }
            rocks.close();
        } catch (RocksDBException e) {
            if (!StorageErrors.isCorrupt(e)) {
                throw StorageErrors.of("cannot open chunk index " + directory, e);
            }
            LOG.warn("chunk index {} is damaged, made anew: {}", directory, e.getMessage());
        }
        return create(disk, directory, cache);
    }

    private static PackIndex create(Disk disk, Path directory, Cache cache) throws IOException {
        for (Path file : disk.list(directory, "")) {
            disk.delete(file);
        }
        try {
            Rocks rocks = new Rocks(disk, directory, cache);
            try (WriteBatch batch = new WriteBatch()) {
                batch.put(VERSION_KEY, VERSION);
                rocks.write(batch, false);
            }
            return new PackIndex(rocks, true);
        } catch (RocksDBException e) {
            throw StorageErrors.of("cannot make chunk index " + directory, e);
        }
    }

    private static boolean isOurs(Rocks rocks) {
        try {
            return Arrays.equals(rocks.get(VERSION_KEY), VERSION);
        } catch (QuernException e) {
            LOG.warn("chunk index {} is damaged, made anew: {}", rocks.directory(), e.getMessage());
            return false;
        }
    }

    Optional<Location> find(SpaceId space, ChunkId id) {
        byte[] value = rocks.get(key(space, id));
        if (value == null) {
            return Optional.empty();
        }
        ByteBuffer in = checked(value, 16);
        return Optional.of(new Location(in.getLong(), in.getLong()));
    }

    /// Whether it was made at this opening: it says nothing of what earlier processes left.
    boolean isNew() {
        return isNew;
    }

    /// All packs that it knows.
    Map<Long, PackState> packs() {
        Map<Long, PackState> states = new HashMap<>();
        rocks.scan(
                new byte[] {'p'},
                new byte[] {'p' + 1},
                (key, value) -> {
                    ByteBuffer in = checked(value, 17);
                    PackState state = new PackState(in.getLong(), in.getLong(), in.get() != 0);
                    states.put(checked(key, 9).getLong(1), state);
                    return true;
                });
        return states;
    }

    /// Adds chunks, then moves the states of their packs, in one step.
    void add(Map<Long, List<PackRecord>> records, Map<Long, PackState> states) {
        try (WriteBatch batch = new WriteBatch()) {
            for (Map.Entry<Long, List<PackRecord>> pack : records.entrySet()) {
                for (PackRecord record : pack.getValue()) {
                    ByteBuffer value = ByteBuffer.allocate(16);
                    value.putLong(pack.getKey()).putLong(record.offset());
                    batch.put(key(record.space(), record.id()), value.array());
                }
            }
            for (Map.Entry<Long, PackState> pack : states.entrySet()) {
                PackState state = pack.getValue();
                ByteBuffer value = ByteBuffer.allocate(17);
                value.putLong(state.indexedThrough).putLong(state.chunks);
                value.put((byte) (state.closed ? 1 : 0));
                batch.put(packKey(pack.getKey()), value.array());
            }
            write(batch);
        } catch (RocksDBException e) {
            throw StorageErrors.of("cannot write chunk index " + rocks.directory(), e);
        }
    }

    /// Forgets everything.
    void clear() {
        try (WriteBatch batch = new WriteBatch()) {
            batch.deleteRange(new byte[] {'c'}, new byte[] {'c' + 1});
            batch.deleteRange(new byte[] {'p'}, new byte[] {'p' + 1});
            write(batch);
        } catch (RocksDBException e) {
            throw StorageErrors.of("cannot clear chunk index " + rocks.directory(), e);
        }
    }

    private void write(WriteBatch batch) {
        rocks.ensureWritable();
        rocks.write(batch, false);
    }

    private static byte[] packKey(long id) {
        return ByteBuffer.allocate(9).put((byte) 'p').putLong(id).array();
    }

    private static byte[] key(SpaceId space, ChunkId id) {
        byte[] name = space.value().getBytes(StandardCharsets.US_ASCII);
        ByteBuffer key = ByteBuffer.allocate(name.length + 34);
        return key.put((byte) 'c').put(name).put((byte) 0).put(id.bytes()).array();
    }

    private ByteBuffer checked(byte[] bytes, int length) {
        if (bytes.length != length) {
            throw QuernException.corrupt(
                    "chunk index "
                            + rocks.directory()
                            + ": entry must have "
                            + length
                            + " bytes, got "
                            + bytes.length);
        }
        return ByteBuffer.wrap(bytes);
    }

    @Override
    public void close() {
        rocks.close();
    }
}
