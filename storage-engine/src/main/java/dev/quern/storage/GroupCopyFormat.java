package dev.quern.storage;

import dev.quern.common.QuernException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// The bytes of `group.copy`, which holds the last group of the fact log while that is written once
/// more in its place ([LogSettler]): a header, then the group, then the file ends. Integers are
/// little-endian and unsigned; checksums are CRC32C. Unused bytes are 0.
///
/// Header, 64 bytes:
///
/// | offset | bytes | field |
/// |---|---|---|
/// | 0 | 8 | magic `QUERNGRP` |
/// | 8 | 4 | version, 1 |
/// | 12 | 4 | bytes of the group, a multiple of 8 |
/// | 16 | 8 | index of the first entry of the segment, which names it |
/// | 24 | 8 | salt of the segment |
/// | 32 | 8 | offset of the group in the segment, a multiple of 8 |
/// | 40 | 8 | index of the first entry of the group |
/// | 48 | 8 | 0 |
/// | 56 | 4 | checksum of the group |
/// | 60 | 4 | checksum of bytes 0 to 60 |
///
/// The group is as in the segment ([FactLogFormat]): whole entries, one after the other.
///
/// Version rule: a reader takes every version up to its own and refuses later ones; any change of
/// these bytes is a new version. Magic, version and checksum of the header stay where they are, so
/// that a whole copy of a later version is told from a torn one.
final class GroupCopyFormat {
    static final int VERSION = 1;
    static final int HEADER_BYTES = 64;

    private static final byte[] MAGIC = "QUERNGRP".getBytes(StandardCharsets.US_ASCII);
    private static final int GROUP_CRC_AT = 56;
    private static final int CRC_AT = 60;

    private GroupCopyFormat() {}

    /// The whole file.
    static byte[] encode(GroupCopy copy) {
        byte[] file = new byte[HEADER_BYTES + copy.bytes().length];
        ByteBuffer out = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        out.put(0, MAGIC);
        out.putInt(8, VERSION);
        out.putInt(12, copy.bytes().length);
        out.putLong(16, copy.segmentIndex());
        out.putLong(24, copy.salt());
        out.putLong(32, copy.offset());
        out.putLong(40, copy.firstIndex());
        out.putInt(GROUP_CRC_AT, Checksums.crc32c(ByteBuffer.wrap(copy.bytes())));
        out.putInt(CRC_AT, Checksums.crc32c(out.slice(0, CRC_AT)));
        out.put(HEADER_BYTES, copy.bytes());
        return file;
    }

    /// What a file holds, or null if it is torn.
    ///
    /// @throws QuernException `INVALID` if a later version of Quern wrote it
    static @Nullable GroupCopy decode(MemorySegment file, Object name) {
        if (file.byteSize() < HEADER_BYTES) {
            return null;
        }
        ByteBuffer in = file.asSlice(0, HEADER_BYTES).asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        if (!in.slice(0, MAGIC.length).equals(ByteBuffer.wrap(MAGIC))
                || in.getInt(CRC_AT) != Checksums.crc32c(in.slice(0, CRC_AT))) {
            return null;
        }
        if (in.getInt(8) != VERSION) {
            throw QuernException.invalid(
                    "copy of a log group "
                            + name
                            + " has version "
                            + Integer.toUnsignedString(in.getInt(8))
                            + ", this build reads up to "
                            + VERSION);
        }
        int length = in.getInt(12);
        long offset = in.getLong(32);
        if (file.byteSize() != HEADER_BYTES + (long) length
                || length < FactLogFormat.ENTRY_BYTES
                || length % 8 != 0
                || offset < FactLogFormat.HEADER_BYTES
                || offset % 8 != 0) {
            return null;
        }
        byte[] group = new byte[length];
        MemorySegment.ofArray(group).copyFrom(file.asSlice(HEADER_BYTES));
        if (in.getInt(GROUP_CRC_AT) != Checksums.crc32c(ByteBuffer.wrap(group))) {
            return null;
        }
        return new GroupCopy(in.getLong(16), in.getLong(24), offset, in.getLong(40), group);
    }
}
