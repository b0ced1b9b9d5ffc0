package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.Txn.Condition;
import dev.quern.storage.Txn.Mutation;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The bytes of a transaction, as they travel through the log. Integers are big-endian and
/// unsigned.
///
/// | part | bytes |
/// |---|---|
/// | version | 1: the number 2 if there is a mutation of tag 5, else 1 |
/// | space | 1: length, then UTF-8 |
/// | conditions | 4: count, then each: 1 tag, key; tag 1 absent, 2 exists, 3 version (8 more) |
/// | mutations | 4: count, then each: 1 tag, key; tag 1 put (value), 2 append (value), 3 delete, 4 delete through (key), 5 put indexed (value, 4 count of at least 1, that many keys) |
/// | requires | 4: count, then 32 each |
///
/// A key is 4 bytes length, then [KeyFormat]; a value is 4 bytes length, then the bytes.
///
/// Version rule: a reader takes every version up to its own and refuses later ones; any change of
/// these bytes is a new version. A writer uses the first version that can say it, so that a log
/// without indexed facts stays readable for builds that know only version 1.
final class TxnFormat {
    static final int VERSION = 2;

    private static final int ABSENT = 1;
    private static final int EXISTS = 2;
    private static final int AT_VERSION = 3;
    private static final int PUT = 1;
    private static final int APPEND = 2;
    private static final int DELETE = 3;
    private static final int DELETE_THROUGH = 4;
    private static final int PUT_INDEXED = 5;

    private TxnFormat() {}

    /// The bytes of a transaction.
    ///
    /// @throws QuernException `INVALID` if they are more than [MetaLog#MAX_TXN_BYTES]
    static byte[] encode(Txn txn) {
        Writer out = new Writer();
        boolean indexed = txn.mutations().stream().anyMatch(TxnFormat::isIndexed);
        out.one(indexed ? VERSION : 1);
        byte[] space = txn.space().value().getBytes(StandardCharsets.UTF_8);
        out.one(space.length);
        out.raw(space);
        out.four(txn.conditions().size());
        txn.conditions().forEach(condition -> encode(out, condition));
        out.four(txn.mutations().size());
        txn.mutations().forEach(mutation -> encode(out, mutation));
        out.four(txn.requires().size());
        txn.requires().forEach(id -> out.raw(id.bytes()));
        return out.toBytes();
    }

    private static boolean isIndexed(Mutation mutation) {
        return mutation instanceof Mutation.Put put && !put.indexed().isEmpty();
    }

    private static void encode(Writer out, Condition condition) {
        switch (condition) {
            case Condition.Absent(Key key) -> out.tagged(ABSENT, key);
            case Condition.Exists(Key key) -> out.tagged(EXISTS, key);
            case Condition.Version(Key key, long version) -> {
                out.tagged(AT_VERSION, key);
                out.eight(version);
            }
        }
    }

    private static void encode(Writer out, Mutation mutation) {
        switch (mutation) {
            case Mutation.Put(Key key, byte[] value, List<Key> indexed) -> {
                out.tagged(indexed.isEmpty() ? PUT : PUT_INDEXED, key);
                out.sized(value);
                if (!indexed.isEmpty()) {
                    out.four(indexed.size());
                    indexed.forEach(other -> out.sized(KeyFormat.encode(other)));
                }
            }
            case Mutation.Append(Key prefix, byte[] value) -> {
                out.tagged(APPEND, prefix);
                out.sized(value);
            }
            case Mutation.Delete(Key key) -> out.tagged(DELETE, key);
            case Mutation.DeleteThrough(Key prefix, Key through) -> {
                out.tagged(DELETE_THROUGH, prefix);
                out.sized(KeyFormat.encode(through));
            }
        }
    }

    /// The transaction in these bytes.
    ///
    /// @throws QuernException `CORRUPT` if they are anything else
    static Txn decode(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        try {
            Txn txn = decode(in);
            if (in.hasRemaining()) {
                throw corrupt(in, in.remaining() + " bytes too many");
            }
            return txn;
        } catch (BufferUnderflowException e) {
            throw corrupt(in, "bytes missing");
        } catch (QuernException e) {
            throw QuernException.corrupt(
                    "transaction at byte " + in.position() + ": " + e.getMessage());
        }
    }

    private static Txn decode(ByteBuffer in) {
        int version = in.get();
        if (version < 1 || version > VERSION) {
            throw corrupt(in, "version must be 1 to " + VERSION + ", got " + version);
        }
        SpaceId space = new SpaceId(new String(take(in, in.get() & 0xFF), StandardCharsets.UTF_8));
        List<Condition> conditions = new ArrayList<>();
        for (int left = count(in, 5); left > 0; left--) {
            conditions.add(condition(in));
        }
        List<Mutation> mutations = new ArrayList<>();
        for (int left = count(in, 5); left > 0; left--) {
            mutations.add(mutation(in));
        }
        List<ChunkId> requires = new ArrayList<>();
        for (int left = count(in, 32); left > 0; left--) {
            requires.add(ChunkId.of(take(in, 32)));
        }
        if (version != (mutations.stream().anyMatch(TxnFormat::isIndexed) ? VERSION : 1)) {
            throw corrupt(in, "version " + version + " does not go with the mutations");
        }
        return new Txn(space, conditions, mutations, requires);
    }

    private static Condition condition(ByteBuffer in) {
        int tag = in.get();
        Key key = key(in);
        return switch (tag) {
            case ABSENT -> new Condition.Absent(key);
            case EXISTS -> new Condition.Exists(key);
            case AT_VERSION -> new Condition.Version(key, in.getLong());
            default -> throw corrupt(in, "condition tag must be 1 to 3, got " + tag);
        };
    }

    private static Mutation mutation(ByteBuffer in) {
        int tag = in.get();
        Key key = key(in);
        return switch (tag) {
            case PUT -> new Mutation.Put(key, value(in));
            case APPEND -> new Mutation.Append(key, value(in));
            case DELETE -> new Mutation.Delete(key);
            case DELETE_THROUGH -> new Mutation.DeleteThrough(key, key(in));
            case PUT_INDEXED -> new Mutation.Put(key, value(in), indexed(in));
            default -> throw corrupt(in, "mutation tag must be 1 to 5, got " + tag);
        };
    }

    private static List<Key> indexed(ByteBuffer in) {
        int left = count(in, 5);
        if (left == 0) {
            throw corrupt(in, "an indexed put must have a key or more");
        }
        List<Key> keys = new ArrayList<>();
        for (; left > 0; left--) {
            keys.add(key(in));
        }
        return keys;
    }

    private static Key key(ByteBuffer in) {
        byte[] bytes = value(in);
        return KeyFormat.decode(bytes, 0, bytes.length);
    }

    private static byte[] value(ByteBuffer in) {
        return take(in, count(in, 1));
    }

    private static int count(ByteBuffer in, int leastBytesEach) {
        int count = in.getInt();
        if (count < 0 || count > in.remaining() / leastBytesEach) {
            throw corrupt(in, "count " + Integer.toUnsignedString(count) + " is over what follows");
        }
        return count;
    }

    private static byte[] take(ByteBuffer in, int length) {
        if (length > in.remaining()) {
            throw corrupt(in, "bytes missing");
        }
        byte[] bytes = new byte[length];
        in.get(bytes);
        return bytes;
    }

    private static QuernException corrupt(ByteBuffer in, String what) {
        return QuernException.corrupt("transaction at byte " + in.position() + ": " + what);
    }

    /// Grows up to the bound, then refuses.
    private static final class Writer {
        private byte[] bytes = new byte[256];
        private int length;

        void one(int value) {
            room(1)[length++] = (byte) value;
        }

        void four(int value) {
            ByteBuffer.wrap(room(4)).putInt(length, value);
            length += 4;
        }

        void eight(long value) {
            ByteBuffer.wrap(room(8)).putLong(length, value);
            length += 8;
        }

        void raw(byte[] value) {
            System.arraycopy(value, 0, room(value.length), length, value.length);
            length += value.length;
        }

        void sized(byte[] value) {
            four(value.length);
            raw(value);
        }

        void tagged(int tag, Key key) {
            one(tag);
            sized(KeyFormat.encode(key));
        }

        byte[] toBytes() {
            return Arrays.copyOf(bytes, length);
        }

        private byte[] room(int more) {
            if (more > MetaLog.MAX_TXN_BYTES - length) {
                throw QuernException.invalid(
                        "transaction must be at most "
                                + MetaLog.MAX_TXN_BYTES
                                + " bytes, got "
                                + (length + (long) more)
                                + " or more");
            }
            if (length + more > bytes.length) {
                int doubled = Math.min(MetaLog.MAX_TXN_BYTES, bytes.length * 2);
                bytes = Arrays.copyOf(bytes, Math.max(doubled, length + more));
            }
            return bytes;
        }
    }
}
