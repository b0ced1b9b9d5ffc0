package dev.quern.storage;

import dev.quern.common.QuernException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// The bytes of a segment of the fact log: a header, then entries one after the other, then zeros.
/// Its file is named by the index of its first entry, as 16 hex digits, and `.log`. Integers are
/// little-endian and unsigned; checksums are CRC32C. Unused bytes are 0.
///
/// Header, 64 bytes at offset 0:
///
/// | offset | bytes | field |
/// |---|---|---|
/// | 0 | 8 | magic `QUERNLOG` |
/// | 8 | 4 | version, 1 |
/// | 12 | 4 | 0 |
/// | 16 | 8 | index of the first entry, as in the file's name |
/// | 24 | 8 | salt, random for each segment |
/// | 32 | 16 | hash of the state before the first entry: upper 8 bytes, lower 8 bytes |
/// | 48 | 12 | 0 |
/// | 60 | 4 | checksum of bytes 0 to 60 |
///
/// Entry, at a multiple of 8: header of 64 bytes, then the transaction:
///
/// | offset | bytes | field |
/// |---|---|---|
/// | 0 | 4 | magic `QTXN` |
/// | 4 | 4 | bytes of the transaction, 1 to 65,536 |
/// | 8 | 8 | offset of this entry in the segment |
/// | 16 | 8 | salt of the segment |
/// | 24 | 8 | index |
/// | 32 | 8 | index of the first entry of its group, which was forced as one |
/// | 40 | 16 | hash of the state after it: upper 8 bytes, lower 8 bytes |
/// | 56 | 4 | 0 |
/// | 60 | 4 | checksum of bytes 0 to 60 and of the transaction |
///
/// Offset and salt make an entry valid in one place only: neither a value that looks like an entry
/// nor a reused disk block can pass for one.
///
/// Where a segment ends: at the first place without a valid entry of the next index, and at the
/// latest before the index that names the next segment. A group is written only after the force of
/// the one before it returned. So if a valid entry follows the end, it tells what happened: when it
/// is of the same group as the missing one, the group was torn by a crash, and none of it was
/// acknowledged; when it is of a later group, acknowledged bytes are damaged.
///
/// Version rule: a reader takes every version up to its own and refuses later ones; any change of
/// these bytes is a new version.
final class FactLogFormat {
    static final int VERSION = 1;
    static final int HEADER_BYTES = 64;
    static final int ENTRY_BYTES = 64;

    private static final long HEADER_MAGIC = magic("QUERNLOG");
    private static final int ENTRY_MAGIC = (int) magic("QTXN\0\0\0\0");
    private static final int CRC_AT = 60;
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private FactLogFormat() {}

    /// What a segment's header says.
    ///
    /// @param firstIndex of the first entry
    /// @param salt of this segment
    /// @param before hash of the state before the first entry
    record Header(long firstIndex, long salt, StateHash before) {}

    /// How much room an entry takes.
    static int sizeBytes(int txnBytes) {
        return (ENTRY_BYTES + txnBytes + 7) & ~7;
    }

    static void putHeader(ByteBuffer target, Header header) {
        ByteBuffer out = begin(target, HEADER_BYTES);
        out.putLong(0, HEADER_MAGIC);
        out.putInt(8, VERSION);
        out.putLong(16, header.firstIndex());
        out.putLong(24, header.salt());
        putHash(out, 32, header.before());
        out.putInt(CRC_AT, Checksums.crc32c(out.slice(0, CRC_AT)));
        target.position(target.position() + HEADER_BYTES);
    }

    /// The header of a segment, or null if it is torn.
    ///
    /// @throws QuernException `INVALID` if a later version of Quern wrote it, `CORRUPT` if the
    ///   header is whole and of another segment
    static @Nullable Header header(MemorySegment segment, long firstIndex, Object name) {
        ByteBuffer in = view(segment, 0, HEADER_BYTES);
        if (in == null
                || in.getLong(0) != HEADER_MAGIC
                || in.getInt(CRC_AT) != Checksums.crc32c(in.slice(0, CRC_AT))) {
            return null;
        }
        if (in.getInt(8) != VERSION) {
            throw QuernException.invalid(
                    "log segment "
                            + name
                            + " has version "
                            + Integer.toUnsignedString(in.getInt(8))
                            + ", this build reads up to "
                            + VERSION);
        }
        if (in.getLong(16) != firstIndex) {
            throw QuernException.corrupt(
                    "log segment "
                            + name
                            + " at offset 16 must have the first index "
                            + firstIndex
                            + ", got "
                            + in.getLong(16));
        }
        return new Header(firstIndex, in.getLong(24), hash(in, 32));
    }

    /// Adds an entry at the position of `target`, which is then moved past it.
    ///
    /// @param offset where it will lie in the segment
    static void putEntry(ByteBuffer target, long offset, long salt, LogEntry entry) {
        int length = sizeBytes(entry.txn().length);
        ByteBuffer out = begin(target, length);
        out.putInt(0, ENTRY_MAGIC);
        out.putInt(4, entry.txn().length);
        out.putLong(8, offset);
        out.putLong(16, salt);
        out.putLong(24, entry.index());
        out.putLong(32, entry.group());
        putHash(out, 40, entry.after());
        out.put(ENTRY_BYTES, entry.txn());
        out.putInt(CRC_AT, checksum(out, entry.txn().length));
        target.position(target.position() + length);
    }

    /// Whether an entry may begin here: the cheap test before [#entry].
    static boolean mayBeEntry(MemorySegment segment, long at) {
        return at <= segment.byteSize() - ENTRY_BYTES && segment.get(INT, at) == ENTRY_MAGIC;
    }

    /// The entry at an offset, or null if there is none that belongs to this place.
    static @Nullable LogEntry entry(MemorySegment segment, long at, long salt) {
        ByteBuffer in = view(segment, at, ENTRY_BYTES);
        if (in == null
                || in.getInt(0) != ENTRY_MAGIC
                || in.getLong(8) != at
                || in.getLong(16) != salt) {
            return null;
        }
        int length = in.getInt(4);
        if (length < 1 || length > MetaLog.MAX_TXN_BYTES) {
            return null;
        }
        ByteBuffer whole = view(segment, at, ENTRY_BYTES + length);
        if (whole == null || whole.getInt(CRC_AT) != checksum(whole, length)) {
            return null;
        }
        byte[] txn = new byte[length];
        whole.get(ENTRY_BYTES, txn);
        return new LogEntry(in.getLong(24), in.getLong(32), hash(in, 40), txn);
    }

    private static int checksum(ByteBuffer entry, int txnBytes) {
        CRC32C crc = new CRC32C();
        crc.update(entry.slice(0, CRC_AT));
        crc.update(entry.slice(ENTRY_BYTES, txnBytes));
        return (int) crc.getValue();
    }

    private static void putHash(ByteBuffer out, int at, StateHash hash) {
        out.putLong(at, hash.high());
        out.putLong(at + 8, hash.low());
    }

    private static StateHash hash(ByteBuffer in, int at) {
        return new StateHash(in.getLong(at), in.getLong(at + 8));
    }

    private static ByteBuffer begin(ByteBuffer target, int length) {
        ByteBuffer out = target.slice(target.position(), length).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < length; i += Long.BYTES) {
            out.putLong(i, 0);
        }
        return out;
    }

    private static @Nullable ByteBuffer view(MemorySegment segment, long at, int length) {
        return at < 0 || at > segment.byteSize() - length
                ? null
                : segment.asSlice(at, length).asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    }

    private static long magic(String eight) {
        return ByteBuffer.wrap(eight.getBytes(StandardCharsets.US_ASCII))
                .order(ByteOrder.LITTLE_ENDIAN)
                .getLong();
    }
}
