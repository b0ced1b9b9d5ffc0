package dev.quern.storage;

import static dev.quern.storage.Chunks.SPACE;

import dev.quern.storage.PackFormat.Footer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Pack files in memory, for tests of what reads them.
final class PackImages {
    static final long ID = 7;
    static final long SALT = 0x1234_5678_9abc_def0L;
    private static final int RECORD_MAGIC = 0x4b48_4351;

    private PackImages() {}

    /// A pack of these bodies.
    static byte[] pack(boolean sealed, byte[]... bodies) {
        ByteBuffer image = ByteBuffer.allocate(1 << 20);
        PackFormat.putHeader(image, ID, SALT);
        List<PackRecord> records = new ArrayList<>();
        for (byte[] body : bodies) {
            int crc = Checksums.crc32c(ByteBuffer.wrap(body));
            ChunkId id = MemoryChunkStore.idOf(body);
            BodyForm form = BodyForm.plain(body.length, crc);
            PackRecord record =
                    new PackRecord(image.position(), PackFormat.RECORD_BYTES, SPACE, id, form);
            PackFormat.putRecord(image, record, SALT);
            image.put(body);
            image.position((int) PackFormat.align(image.position()));
            records.add(record);
        }
        if (sealed) {
            int footer = image.position();
            for (PackRecord record : records) {
                image.put(image.duplicate().slice((int) record.offset(), PackFormat.RECORD_BYTES));
            }
            int crc = Checksums.crc32c(image.slice(footer, image.position() - footer));
            PackFormat.putTrailer(image, new Footer(footer, records.size()), SALT, crc);
        }
        return Arrays.copyOf(image.array(), image.position());
    }

    /// Gives every structure that is recognised the checksum and the salt that it must have, so
    /// that what lies behind the checksums is reached.
    static byte[] fixChecksums(byte[] bytes) {
        ByteBuffer image = ByteBuffer.wrap(bytes.clone()).order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.length < PackFormat.HEADER_BYTES) {
            return image.array();
        }
        image.put(0, "QUERNPCK".getBytes(StandardCharsets.US_ASCII));
        image.putLong(12, ID);
        fix(image, 0, PackFormat.HEADER_BYTES);
        int length = new PackFormat.Header(image.getInt(8), 0).recordBytes();
        for (int at = 0; at + length <= bytes.length; at += 8) {
            if (image.getInt(at) == RECORD_MAGIC) {
                fix(image, at, length);
            }
        }
        int trailer = bytes.length - PackFormat.TRAILER_BYTES;
        if (trailer >= 0) {
            long footer = image.getLong(trailer + 8);
            if (footer >= 0 && footer <= trailer) {
                int listed = trailer - (int) footer;
                image.putInt(trailer + 32, Checksums.crc32c(image.slice((int) footer, listed)));
            }
            fix(image, trailer, PackFormat.TRAILER_BYTES);
        }
        return image.array();
    }

    /// The table of a run of these chunks.
    static byte[] run(int... lengths) {
        List<PackRecord> records = new ArrayList<>();
        long at = 0;
        for (int length : lengths) {
            ChunkId id = MemoryChunkStore.idOf(new byte[length]);
            records.add(new PackRecord(at, 0, SPACE, id, BodyForm.plain(length, length)));
            at += length;
        }
        ByteBuffer table = RunFormat.encode(ID, SPACE, records);
        byte[] bytes = new byte[table.remaining()];
        table.get(bytes);
        return bytes;
    }

    /// Gives the table of a run the checksums that it must have.
    static byte[] fixRun(byte[] bytes) {
        ByteBuffer table = ByteBuffer.wrap(bytes.clone()).order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.length >= RunFormat.HEADER_BYTES) {
            int entries = bytes.length - RunFormat.HEADER_BYTES;
            table.putInt(104, Checksums.crc32c(table.slice(RunFormat.HEADER_BYTES, entries)));
            table.putInt(108, Checksums.crc32c(table.slice(0, 108)));
        }
        return table.array();
    }

    private static void fix(ByteBuffer image, int at, int length) {
        image.putInt(at + length - 4, Checksums.crc32c(image.slice(at, length - 4)));
    }
}
