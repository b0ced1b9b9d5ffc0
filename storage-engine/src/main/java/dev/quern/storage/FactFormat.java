package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.MetaLog.Fact;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// The bytes of the facts database. Integers are big-endian.
///
/// | key | value |
/// |---|---|
/// | 0, `version` | 4 bytes: version of this table, 1 |
/// | 0, `applied` | 8 bytes: index of the last applied transaction |
/// | 1, space, 0, key as in [KeyFormat] | 8 bytes index of the transaction that wrote it, then the value |
///
/// Version rule: a reader takes every version up to its own and refuses later ones.
final class FactFormat {
    static final int VERSION = 1;
    static final byte[] VERSION_KEY = meta("version");
    static final byte[] APPLIED_KEY = meta("applied");

    private FactFormat() {}

    private static byte[] meta(String name) {
        return ("\0" + name).getBytes(StandardCharsets.US_ASCII);
    }

    static byte[] key(SpaceId space, Key key) {
        byte[] encoded = KeyFormat.encode(key);
        return ByteBuffer.allocate(prefixBytes(space) + encoded.length)
                .put((byte) 1)
                .put(space.value().getBytes(StandardCharsets.US_ASCII))
                .put((byte) 0)
                .put(encoded)
                .array();
    }

    private static int prefixBytes(SpaceId space) {
        return space.value().length() + 2;
    }

    /// Where facts begin.
    static byte[] firstFact() {
        return new byte[] {1};
    }

    /// The first key after all facts.
    static byte[] afterFacts() {
        return new byte[] {2};
    }

    /// The first key that a fact of a space can have.
    static byte[] spaceStart(SpaceId space) {
        byte[] name = space.value().getBytes(StandardCharsets.US_ASCII);
        return ByteBuffer.allocate(name.length + 2).put((byte) 1).put(name).put((byte) 0).array();
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
        int end = 1;
        while (end < key.length && key[end] != 0) {
            end++;
        }
        try {
            return new SpaceId(new String(key, 1, end - 1, StandardCharsets.US_ASCII));
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

    /// The index at which a stored value was written.
    static long version(byte[] value) {
        return number(value, 8);
    }

    static Fact fact(SpaceId space, byte[] key, byte[] value) {
        return new Fact(
                KeyFormat.decode(key, prefixBytes(space), key.length),
                version(value),
                Arrays.copyOfRange(value, 8, value.length));
    }

    static byte[] number(long number) {
        return ByteBuffer.allocate(8).putLong(number).array();
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
