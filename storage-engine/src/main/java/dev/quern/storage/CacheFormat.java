package dev.quern.storage;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A file of the [TierCache]: one [BlobRange], named by 32 hex digits and `.range`. The digits are
/// the first half of the SHA-256 of the blob's name, a zero byte, and offset and length as 8 bytes
/// each. Integers are little-endian and unsigned; checksums are CRC32C; unused bytes are 0.
///
/// | offset | bytes | field |
/// |---|---|---|
/// | 0 | 8 | magic `QUERNRNG` |
/// | 8 | 4 | version, 1 |
/// | 12 | 4 | bytes of the range |
/// | 16 | 8 | offset of the range in its blob |
/// | 24 | 4 | checksum of the range |
/// | 28 | 2 | 0 |
/// | 30 | 2 | length of the blob's name |
/// | 32 | 512 | the blob's name |
/// | 544 | 4 | checksum of bytes 0 to 544 |
/// | 1024 | | the range |
///
/// Version rule: a file of another version is as good as none, and is removed when it is met: all
/// of this can be read from the tier again.
final class CacheFormat {
    static final int HEADER_BYTES = 1024;
    static final String SUFFIX = ".range";

    private static final int VERSION = 1;
    private static final int NAME_OFFSET = 32;
    private static final int CRC_OFFSET = 544;
    private static final int ID_DIGITS = 32;
    private static final Pattern FILE = Pattern.compile("[0-9a-f]{32}\\.range");
    private static final long MAGIC =
            ByteBuffer.wrap("QUERNRNG".getBytes(StandardCharsets.US_ASCII))
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .getLong();

    private CacheFormat() {}

    /// What a range's file is called, without the suffix.
    static String id(BlobRange range) {
        MessageDigest digest = Checksums.sha256();
        digest.update(range.blob().getBytes(StandardCharsets.US_ASCII));
        ByteBuffer rest = ByteBuffer.allocate(17).order(ByteOrder.LITTLE_ENDIAN);
        rest.put((byte) 0).putLong(range.offset()).putLong(range.length()).flip();
        digest.update(rest);
        return HexFormat.of().formatHex(digest.digest()).substring(0, ID_DIGITS);
    }

    static boolean isFile(String name) {
        return FILE.matcher(name).matches();
    }

    /// The header of a file with this range.
    static ByteBuffer header(BlobRange range, MemorySegment bytes) {
        ByteBuffer out = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        byte[] name = range.blob().getBytes(StandardCharsets.US_ASCII);
        out.putLong(0, MAGIC);
        out.putInt(8, VERSION);
        out.putInt(12, range.length());
        out.putLong(16, range.offset());
        out.putInt(24, Checksums.crc32c(bytes));
        out.putShort(30, (short) name.length);
        out.put(NAME_OFFSET, name);
        out.putInt(CRC_OFFSET, Checksums.crc32c(out.slice(0, CRC_OFFSET)));
        return out;
    }

    /// The range in a file, or null if it is not whole or another's.
    static @Nullable MemorySegment body(MemorySegment file, BlobRange range) {
        if (file.byteSize() != (long) HEADER_BYTES + range.length()) {
            return null;
        }
        MemorySegment body = file.asSlice(HEADER_BYTES, range.length());
        MemorySegment expected = MemorySegment.ofArray(header(range, body).array());
        return MemorySegment.mismatch(file, 0, HEADER_BYTES, expected, 0, HEADER_BYTES) < 0
                ? body
                : null;
    }
}
