package dev.quern.storage;

import dev.quern.storage.FactLogFormat.Header;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.zip.CRC32C;

/// Segments of the fact log in memory, for tests of what reads them.
final class LogImages {
    static final long FIRST = 5;
    private static final long SALT = 0x0102_0304_0506_0708L;
    private static final int ENTRY_MAGIC = 0x4e58_5451;
    private static final int CRC_AT = 60;

    private LogImages() {}

    /// A segment with these transactions, each a group of its own.
    static byte[] segment(Txn... txns) {
        ByteBuffer image = ByteBuffer.allocate(1 << 16);
        FactLogFormat.putHeader(image, new Header(FIRST, SALT, StateHash.EMPTY));
        long index = FIRST;
        for (Txn txn : txns) {
            LogEntry entry = new LogEntry(index, index, StateHash.EMPTY, TxnFormat.encode(txn));
            FactLogFormat.putEntry(image, image.position(), SALT, entry);
            index++;
        }
        return Arrays.copyOf(image.array(), image.position() + 16);
    }

    /// Gives the header and every entry that is recognised its checksum, so that what lies behind
    /// the checksums is reached.
    static byte[] fixChecksums(byte[] bytes) {
        ByteBuffer image = ByteBuffer.wrap(bytes.clone()).order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.length >= FactLogFormat.HEADER_BYTES) {
            image.putInt(CRC_AT, Checksums.crc32c(image.slice(0, CRC_AT)));
        }
        for (int at = 0; at + FactLogFormat.ENTRY_BYTES <= bytes.length; at += 8) {
            int room = bytes.length - at - FactLogFormat.ENTRY_BYTES;
            int length = image.getInt(at + 4);
            if (image.getInt(at) == ENTRY_MAGIC && length >= 0 && length <= room) {
                CRC32C crc = new CRC32C();
                crc.update(image.slice(at, CRC_AT));
                crc.update(image.slice(at + FactLogFormat.ENTRY_BYTES, length));
                image.putInt(at + CRC_AT, (int) crc.getValue());
            }
        }
        return image.array();
    }

    /// Gives the copy of a group its checksums.
    static byte[] fixCopyChecksums(byte[] bytes) {
        ByteBuffer image = ByteBuffer.wrap(bytes.clone()).order(ByteOrder.LITTLE_ENDIAN);
        int group = bytes.length - GroupCopyFormat.HEADER_BYTES;
        if (group >= 0) {
            ByteBuffer behind = image.slice(GroupCopyFormat.HEADER_BYTES, group);
            image.putInt(CRC_AT - 4, Checksums.crc32c(behind));
            image.putInt(CRC_AT, Checksums.crc32c(image.slice(0, CRC_AT)));
        }
        return image.array();
    }
}
