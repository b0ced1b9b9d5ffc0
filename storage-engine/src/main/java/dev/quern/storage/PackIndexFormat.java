package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.PackIndex.Entry;
import dev.quern.storage.PackIndex.Location;
import dev.quern.storage.PackIndex.PackState;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;

/// The entries of the chunk index. Integers are big-endian.
///
/// | key | value |
/// |---|---|
/// | `v` | 4 bytes: version of this table, 3 |
/// | `p`, 8 bytes pack id | 8 bytes indexed through this offset, 8 bytes chunks that lie there, 8 bytes of their bodies, 8 bytes how many of these chunks are quarantined, 1 byte 1 if nothing will be appended |
/// | `c`, space, 0, 32 bytes SHA-256 | 8 bytes pack id, 8 bytes offset, 4 bytes of the stored body, 8 bytes condemned-at in epoch milliseconds (0: not), 1 byte flags (bit 0: quarantined) |
///
/// Version rule: an index of any other version is thrown away and made again from the packs.
final class PackIndexFormat {
    static final byte[] VERSION_KEY = {'v'};
    static final byte[] VERSION = {0, 0, 0, 3};
    static final byte[] PACKS = {'p'};
    static final byte[] PACKS_END = {'p' + 1};
    static final byte[] CHUNKS = {'c'};
    static final byte[] CHUNKS_END = {'c' + 1};

    private static final int ID_BYTES = 32;
    private static final int PACK_KEY_BYTES = 9;
    private static final int PACK_BYTES = 33;
    private static final int CHUNK_BYTES = 29;
    private static final int QUARANTINED = 1;

    private PackIndexFormat() {}

    static byte[] packKey(long id) {
        return ByteBuffer.allocate(PACK_KEY_BYTES).put(PACKS).putLong(id).array();
    }

    static long packId(byte[] key, Path where) {
        return checked(key, PACK_KEY_BYTES, where).getLong(1);
    }

    static byte[] encode(PackState state) {
        return ByteBuffer.allocate(PACK_BYTES)
                .putLong(state.indexedThrough())
                .putLong(state.chunks())
                .putLong(state.liveBytes())
                .putLong(state.quarantined())
                .put((byte) (state.closed() ? 1 : 0))
                .array();
    }

    static PackState packState(byte[] value, Path where) {
        ByteBuffer in = checked(value, PACK_BYTES, where);
        return new PackState(in.getLong(), in.getLong(), in.getLong(), in.getLong(), in.get() != 0);
    }

    static byte[] chunkKey(SpaceId space, ChunkId id) {
        byte[] start = spaceStart(space);
        return ByteBuffer.allocate(start.length + ID_BYTES).put(start).put(id.bytes()).array();
    }

    /// Where the chunks of a space begin.
    static byte[] spaceStart(SpaceId space) {
        byte[] name = space.value().getBytes(StandardCharsets.US_ASCII);
        return ByteBuffer.allocate(name.length + 2).put(CHUNKS).put(name).put((byte) 0).array();
    }

    /// Past the last chunk of a space.
    static byte[] spaceEnd(SpaceId space) {
        byte[] end = spaceStart(space);
        end[end.length - 1] = 1;
        return end;
    }

    static SpaceId space(byte[] chunkKey, Path where) {
        int end = nameEnd(chunkKey, where);
        return new SpaceId(new String(chunkKey, 1, end - 1, StandardCharsets.US_ASCII));
    }

    static ChunkId chunkId(byte[] chunkKey, Path where) {
        int end = nameEnd(chunkKey, where);
        return ChunkId.of(Arrays.copyOfRange(chunkKey, end + 1, chunkKey.length));
    }

    private static int nameEnd(byte[] chunkKey, Path where) {
        int end = chunkKey.length - ID_BYTES - 1;
        if (end < 2 || chunkKey[end] != 0) {
            throw QuernException.corrupt(
                    "chunk index "
                            + where
                            + ": key of "
                            + chunkKey.length
                            + " bytes is no chunk's");
        }
        return end;
    }

    static byte[] encode(Entry entry) {
        return ByteBuffer.allocate(CHUNK_BYTES)
                .putLong(entry.location().packId())
                .putLong(entry.location().offset())
                .putInt(entry.storedBytes())
                .putLong(entry.condemnedAtMillis())
                .put((byte) (entry.quarantined() ? QUARANTINED : 0))
                .array();
    }

    static Entry entry(ChunkId id, byte[] value, Path where) {
        ByteBuffer in = checked(value, CHUNK_BYTES, where);
        return new Entry(
                id,
                new Location(in.getLong(), in.getLong()),
                in.getInt(),
                in.getLong(),
                (in.get() & QUARANTINED) != 0);
    }

    private static ByteBuffer checked(byte[] bytes, int length, Path where) {
        if (bytes.length != length) {
            throw QuernException.corrupt(
                    "chunk index "
                            + where
                            + ": entry must have "
                            + length
                            + " bytes, got "
                            + bytes.length);
        }
        return ByteBuffer.wrap(bytes);
    }
}
