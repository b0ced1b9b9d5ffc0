package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.MetaLog.Fact;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The bytes of the facts database. Integers are big-endian.
///
/// | key | value |
/// |---|---|
/// | 0, `version` | 4 bytes: version of this table, 2 |
/// | 0, `position` | 8 bytes: index of the last applied transaction; 16 bytes: hash of the state |
/// | 0, `importing` | nothing; there while a snapshot is being read in |
/// | 1, space, 0, key as in [KeyFormat] | a fact |
/// | 2, space, 0, index key as in [KeyFormat#encodeBefore], key as in [KeyFormat] | nothing; there if the fact at the key has this index key |
///
/// A fact:
///
/// | bytes | field |
/// |---|---|
/// | 8 | index of the transaction that wrote it, plus 2^63 if it has index keys |
/// | 4 | with index keys only: how many, 1 or more |
/// | each 4, then as many | with index keys only: length, [KeyFormat] |
/// | the rest | the value |
///
/// Version 1 had no index keys, and in place of `position` 0, `applied` with 8 bytes, the index. It
/// was its own log (RocksDB's); [FactStore] takes such a table over when it opens it.
///
/// Version rule: a reader takes every version up to its own and refuses later ones.
final class FactFormat {
    static final int VERSION = 2;
    static final byte[] VERSION_KEY = meta("version");
    static final byte[] POSITION_KEY = meta("position");
    static final byte[] IMPORTING_KEY = meta("importing");

    /// Of version 1.
    static final byte[] APPLIED_KEY = meta("applied");

    private static final byte FACT = 1;
    private static final byte INDEX = 2;
    private static final long INDEXED = 1L << 63;

    private FactFormat() {}

    private static byte[] meta(String name) {
        return ("\0" + name).getBytes(StandardCharsets.US_ASCII);
    }

    static byte[] key(SpaceId space, Key key) {
        String name = space.value(); // ASCII
        byte[] bytes = KeyFormat.encode(key, prefixBytes(space));
        bytes[0] = FACT;
        for (int i = 0; i < name.length(); i++) {
            bytes[1 + i] = (byte) name.charAt(i);
        }
        return bytes;
    }

    /// A bound between encoded keys of a space.
    static byte[] inSpace(SpaceId space, byte[] bound) {
        return under(FACT, space, bound, new byte[0]);
    }

    /// The entry of a fact under one of its index keys.
    static byte[] indexEntry(SpaceId space, Key indexKey, Key key) {
        return under(INDEX, space, KeyFormat.encodeBefore(indexKey), KeyFormat.encode(key));
    }

    /// The same, from the bytes of the fact's key.
    private static byte[] indexEntry(byte[] key, byte[] indexKey) {
        Key decoded = KeyFormat.decode(indexKey, 0, indexKey.length);
        byte[] before = KeyFormat.encodeBefore(decoded);
        int start = keyOffset(key);
        return ByteBuffer.allocate(key.length + before.length)
                .put(INDEX)
                .put(key, 1, start - 1)
                .put(before)
                .put(key, start, key.length - start)
                .array();
    }

    /// Where index entries begin whose index key starts with all components of `prefix`.
    static byte[] indexFrom(SpaceId space, Key prefix) {
        return under(INDEX, space, KeyFormat.encodeBefore(prefix), new byte[0]);
    }

    /// The first key after these.
    static byte[] indexTo(SpaceId space, Key prefix) {
        byte[] to = indexFrom(space, prefix);
        to[to.length - 1] = 2;
        return to;
    }

    private static byte[] under(byte kind, SpaceId space, byte[] first, byte[] second) {
        byte[] name = space.value().getBytes(StandardCharsets.US_ASCII);
        return ByteBuffer.allocate(name.length + 2 + first.length + second.length)
                .put(kind)
                .put(name)
                .put((byte) 0)
                .put(first)
                .put(second)
                .array();
    }

    private static int prefixBytes(SpaceId space) {
        return space.value().length() + 2;
    }

    private static int keyOffset(byte[] key) {
        int end = 1;
        while (end < key.length && key[end] != 0) {
            end++;
        }
        return end + 1;
    }

    /// Whether these are the bytes of a fact's key, and not of an index entry or a setting.
    static boolean isFact(byte[] key) {
        return key.length > 0 && key[0] == FACT;
    }

    /// The index key and the key in an index entry.
    ///
    /// @throws QuernException `CORRUPT` if it has none
    static IndexPosition indexPosition(SpaceId space, byte[] entry) {
        int start = prefixBytes(space);
        int middle = KeyFormat.endBefore(entry, start);
        return new IndexPosition(
                KeyFormat.decodeBefore(entry, start, middle),
                KeyFormat.decode(entry, middle, entry.length));
    }

    /// Where facts begin.
    static byte[] firstFact() {
        return new byte[] {1};
    }

    /// The first key after all facts.
    static byte[] afterFacts() {
        return new byte[] {2};
    }

    /// The first key after everything.
    static byte[] end() {
        return new byte[] {3};
    }

    /// The first key after all facts of a space.
    static byte[] afterSpace(SpaceId space) {
        byte[] name = space.value().getBytes(StandardCharsets.US_ASCII);
        ByteBuffer key = ByteBuffer.allocate(name.length + 2);
        return key.put((byte) 1).put(name).put((byte) 1).array();
    }

    /// The space of a fact.
    ///
    /// @throws QuernException `CORRUPT` if the key names none
    static SpaceId space(byte[] key) {
        try {
            return new SpaceId(new String(key, 1, keyOffset(key) - 2, StandardCharsets.US_ASCII));
        } catch (QuernException e) {
            throw QuernException.corrupt("facts database: key without a space: " + e.getMessage());
        }
    }

    /// The first key after `key` itself.
    static byte[] after(byte[] key) {
        return Arrays.copyOf(key, key.length + 1);
    }

    /// The first key after all that begin with the components of `key`.
    static byte[] afterPrefix(byte[] key) {
        byte[] after = key.clone();
        after[after.length - 1] = 1;
        return after;
    }

    static byte[] value(long version, byte[] value) {
        return ByteBuffer.allocate(8 + value.length).putLong(version).put(value).array();
    }

    static byte[] value(long version, byte[] value, List<Key> indexed) {
        if (indexed.isEmpty()) {
            return value(version, value);
        }
        List<byte[]> keys = indexed.stream().map(KeyFormat::encode).toList();
        int length = keys.stream().mapToInt(key -> 4 + key.length).sum();
        ByteBuffer out = ByteBuffer.allocate(12 + length + value.length);
        out.putLong(version | INDEXED).putInt(keys.size());
        keys.forEach(key -> out.putInt(key.length).put(key));
        return out.put(value).array();
    }

    /// The index at which a stored value was written.
    static long version(byte[] value) {
        return number(value, 8) & ~INDEXED;
    }

    /// The entries that a fact has in secondary indexes.
    ///
    /// @param key as stored
    /// @param value as stored
    static List<byte[]> indexEntries(byte[] key, byte[] value) {
        if (value.length > 0 && value[0] >= 0) {
            return List.of();
        }
        return indexed(ByteBuffer.wrap(value)).stream()
                .map(indexKey -> indexEntry(key, indexKey))
                .toList();
    }

    /// The index keys, encoded; leaves the buffer at the value.
    private static List<byte[]> indexed(ByteBuffer in) {
        List<byte[]> keys = new ArrayList<>();
        try {
            if (in.getLong() < 0) {
                for (int left = in.getInt(); left > 0; left--) {
                    int length = in.getInt();
                    if (length > in.remaining()) {
                        throw new BufferUnderflowException();
                    }
                    byte[] key = new byte[length];
                    in.get(key);
                    keys.add(key);
                }
            }
            return keys;
        } catch (BufferUnderflowException | NegativeArraySizeException e) {
            throw QuernException.corrupt(
                    "facts database: fact of " + in.capacity() + " bytes has its index keys cut");
        }
    }

    static Fact fact(SpaceId space, byte[] key, byte[] value) {
        return fact(KeyFormat.decode(key, prefixBytes(space), key.length), value);
    }

    static Fact fact(Key key, byte[] value) {
        long version = version(value);
        if (value[0] >= 0) {
            return new Fact(key, version, Arrays.copyOfRange(value, 8, value.length));
        }
        ByteBuffer in = ByteBuffer.wrap(value);
        List<Key> indexed =
                indexed(in).stream()
                        .map(indexKey -> KeyFormat.decode(indexKey, 0, indexKey.length))
                        .toList();
        byte[] rest = Arrays.copyOfRange(value, in.position(), value.length);
        return new Fact(key, version, rest, indexed);
    }

    static byte[] position(LogPosition position) {
        return ByteBuffer.allocate(24)
                .putLong(position.index())
                .putLong(position.hash().high())
                .putLong(position.hash().low())
                .array();
    }

    /// @throws QuernException `CORRUPT` if these are not 24 bytes
    static LogPosition position(byte[] value) {
        if (value.length != 24) {
            throw QuernException.corrupt(
                    "facts database: position must have 24 bytes, got " + value.length);
        }
        ByteBuffer in = ByteBuffer.wrap(value);
        return new LogPosition(in.getLong(), new StateHash(in.getLong(), in.getLong()));
    }

    /// The number in the first `bytes` bytes, 4 or 8.
    ///
    /// @throws QuernException `CORRUPT` if they are not there
    static long number(byte[] value, int bytes) {
        if (value.length < bytes) {
            throw QuernException.corrupt(
                    "facts database: value must have "
                            + bytes
                            + " bytes or more, got "
                            + value.length);
        }
        ByteBuffer in = ByteBuffer.wrap(value);
        return bytes == 8 ? in.getLong() : in.getInt();
    }
}
