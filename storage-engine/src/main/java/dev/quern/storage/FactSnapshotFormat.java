package dev.quern.storage;

import dev.quern.common.QuernException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// The bytes of a snapshot of all facts: a header, a record for each fact in order of its key, and
/// a footer. Integers are big-endian and unsigned; checksums are CRC32C.
///
/// Header, 40 bytes:
///
/// | offset | bytes | field |
/// |---|---|---|
/// | 0 | 8 | magic `QUERNSNP` |
/// | 8 | 4 | version, 1 |
/// | 12 | 8 | index of the last transaction in it |
/// | 20 | 16 | hash of the state |
/// | 36 | 4 | checksum of bytes 0 to 36 |
///
/// Record:
///
/// | bytes | field |
/// |---|---|
/// | 4 | length of the key, 1 to 131,072 |
/// | 4 | length of the value, 8 to 131,072 |
/// | as many | key, as in the facts database ([FactFormat]) |
/// | as many | value, as in the facts database |
/// | 4 | checksum of the record before this |
///
/// Footer, 16 bytes, after which nothing is read:
///
/// | bytes | field |
/// |---|---|
/// | 4 | 0 |
/// | 8 | number of records |
/// | 4 | checksum of all bytes before this, header included |
///
/// Secondary indexes follow from the facts and are not in it.
///
/// Version rule: a reader takes every version up to its own and refuses later ones; any change of
/// these bytes is a new version.
final class FactSnapshotFormat {
    static final int VERSION = 1;

    private static final byte[] MAGIC = "QUERNSNP".getBytes(StandardCharsets.US_ASCII);
    private static final int HEADER_BYTES = 40;
    private static final int MAX_BYTES = 2 * MetaLog.MAX_TXN_BYTES;

    private FactSnapshotFormat() {}

    /// Writes a snapshot, part by part. Not thread-safe; leaves the stream open.
    static final class Writer {
        private final OutputStream out;
        private final CRC32C all = new CRC32C();
        private long records;

        Writer(OutputStream out) {
            this.out = out;
        }

        void header(LogPosition position) throws IOException {
            ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
            header.put(MAGIC).putInt(VERSION).put(FactFormat.position(position));
            header.putInt(crc(header.array(), header.position()));
            write(header.array());
        }

        void record(byte[] key, byte[] value) throws IOException {
            ByteBuffer record = ByteBuffer.allocate(12 + key.length + value.length);
            record.putInt(key.length).putInt(value.length).put(key).put(value);
            record.putInt(crc(record.array(), record.position()));
            write(record.array());
            records++;
        }

        void footer() throws IOException {
            write(ByteBuffer.allocate(12).putInt(0).putLong(records).array());
            write(ByteBuffer.allocate(4).putInt((int) all.getValue()).array());
            out.flush();
        }

        private void write(byte[] bytes) throws IOException {
            all.update(bytes, 0, bytes.length);
            out.write(bytes);
        }
    }

    private static int crc(byte[] bytes, int length) {
        return Checksums.crc32c(ByteBuffer.wrap(bytes, 0, length));
    }

    /// One fact, as in the facts database.
    record Entry(byte[] key, byte[] value) {}

    /// Reads a snapshot, part by part, and not a byte beyond it. Any bytes give what was written or
    /// `CORRUPT` naming the offset; never allocates more than a record. Not thread-safe; leaves the
    /// stream open.
    static final class Reader {
        private final InputStream in;
        private final CRC32C all = new CRC32C();
        private long offset;
        private long records;
        private byte[] lastKey = new byte[0];

        Reader(InputStream in) {
            this.in = in;
        }

        /// @throws QuernException `INVALID` if a later version of Quern wrote it
        LogPosition header() throws IOException {
            byte[] bytes = read(HEADER_BYTES);
            ByteBuffer header = ByteBuffer.wrap(bytes);
            if (!Arrays.equals(bytes, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
                throw corrupt(0, "must begin with QUERNSNP");
            }
            if (header.getInt(36) != crc(bytes, 36)) {
                throw corrupt(0, "has a damaged header");
            }
            if (header.getInt(8) != VERSION) {
                throw QuernException.invalid(
                        "snapshot of facts has version "
                                + Integer.toUnsignedString(header.getInt(8))
                                + ", this build reads up to "
                                + VERSION);
            }
            return FactFormat.position(Arrays.copyOfRange(bytes, 12, 36));
        }

        /// The next fact, or null at the end, once the footer is checked.
        @Nullable Entry next() throws IOException {
            long start = offset;
            byte[] first = read(4);
            int keyBytes = ByteBuffer.wrap(first).getInt();
            if (keyBytes == 0) {
                footer(start);
                return null;
            }
            byte[] second = read(4);
            int valueBytes = ByteBuffer.wrap(second).getInt();
            if (keyBytes < 1 || keyBytes > MAX_BYTES || valueBytes < 8 || valueBytes > MAX_BYTES) {
                throw corrupt(start, "has a record of impossible length");
            }
            byte[] rest = read(keyBytes + valueBytes + 4);
            CRC32C crc = new CRC32C();
            crc.update(first);
            crc.update(second);
            crc.update(rest, 0, rest.length - 4);
            if (ByteBuffer.wrap(rest).getInt(rest.length - 4) != (int) crc.getValue()) {
                throw corrupt(start, "has a damaged record");
            }
            byte[] key = Arrays.copyOf(rest, keyBytes);
            if (!FactFormat.isFact(key) || Arrays.compareUnsigned(lastKey, key) >= 0) {
                throw corrupt(start, "has a record out of order");
            }
            lastKey = key;
            records++;
            Entry entry = new Entry(key, Arrays.copyOfRange(rest, keyBytes, keyBytes + valueBytes));
            requireFact(entry, start);
            return entry;
        }

        private static void requireFact(Entry entry, long start) {
            try {
                FactFormat.fact(FactFormat.space(entry.key), entry.key, entry.value);
            } catch (QuernException e) {
                throw corrupt(start, "has a record that is no fact: " + e.getMessage());
            }
        }

        private void footer(long start) throws IOException {
            long counted = ByteBuffer.wrap(read(8)).getLong();
            int computed = (int) all.getValue();
            if (counted != records) {
                throw corrupt(start, "must have " + counted + " records, has " + records);
            }
            if (ByteBuffer.wrap(read(4)).getInt() != computed) {
                throw corrupt(start, "has a footer whose checksum does not match");
            }
        }

        private byte[] read(int length) throws IOException {
            byte[] bytes = new byte[length];
            if (in.readNBytes(bytes, 0, length) < length) {
                throw corrupt(offset, "ends within " + length + " bytes that belong together");
            }
            all.update(bytes, 0, length);
            offset += length;
            return bytes;
        }

        private static QuernException corrupt(long at, String what) {
            return QuernException.corrupt("snapshot of facts at offset " + at + " " + what);
        }
    }
}
