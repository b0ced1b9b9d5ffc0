package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The bytes of a run: `<id>.run` has the chunks of one big file one after the other and nothing
/// else, so that it can be mapped, sent or linked as it is; `<id>.idx` says which they are.
/// Integers are little-endian and unsigned; checksums are CRC32C. Unused bytes are 0.
///
/// `<id>.idx`, a header of 112 bytes:
///
/// | offset | bytes | field |
/// |---|---|---|
/// | 0 | 8 | magic `QUERNRUN` |
/// | 8 | 4 | version, 1 |
/// | 12 | 8 | id of the run, as in its file name |
/// | 20 | 4 | number of chunks, 1 to 65,536 |
/// | 24 | 8 | bytes of the chunks together: the length of `<id>.run` |
/// | 32 | 4 | length of the space's name, 1 to 63 |
/// | 36 | 64 | the space's name, filled up with 0 |
/// | 100 | 4 | 0 |
/// | 104 | 4 | checksum of the entries |
/// | 108 | 4 | checksum of bytes 0 to 108 |
///
/// then an entry of 48 bytes for each chunk, in order of offset, up to the end of the file:
///
/// | offset | bytes | field |
/// |---|---|---|
/// | 0 | 8 | offset of the chunk in the run: the end of the one before |
/// | 8 | 4 | bytes of the chunk |
/// | 12 | 4 | checksum of the chunk |
/// | 16 | 32 | SHA-256 of the chunk |
///
/// The table is written when the run is complete, and both are forced before anything names them: a
/// run without a whole table is garbage. Version rule as in [PackFormat].
final class RunFormat {
    static final int VERSION = 1;
    static final int HEADER_BYTES = 112;
    static final int ENTRY_BYTES = 48;
    static final int MAX_CHUNKS = 1 << 16;
    static final String TABLE_SUFFIX = ".idx";

    private static final long MAGIC =
            ByteBuffer.wrap("QUERNRUN".getBytes(StandardCharsets.US_ASCII))
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .getLong();
    private static final int SPACE_BYTES = 64;
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private RunFormat() {}

    /// Where the table of a run is kept.
    static Path tableFile(Path directory, long id) {
        return directory.resolve(String.format(Locale.ROOT, "%016x", id) + TABLE_SUFFIX);
    }

    /// The chunks of a run, as its table lists them.
    ///
    /// @param entries the mapped entries
    /// @param lengthBytes of the run
    record Table(SpaceId space, int chunks, long lengthBytes, MemorySegment entries)
            implements PackLayout {
        @Override
        public @Nullable PackRecord record(MemorySegment pack, long offset) {
            int low = 0;
            int high = chunks - 1;
            while (low <= high) {
                int middle = (low + high) >>> 1;
                long at = offset(middle);
                if (at == offset) {
                    return record(middle);
                }
                low = at < offset ? middle + 1 : low;
                high = at < offset ? high : middle - 1;
            }
            return null;
        }

        @Override
        public void forEach(MappedPack pack, Consumer<PackRecord> records) {
            for (int i = 0; i < chunks; i++) {
                records.accept(record(i));
            }
        }

        private long offset(int index) {
            return entries.get(LONG, (long) index * ENTRY_BYTES);
        }

        PackRecord record(int index) {
            MemorySegment entry = entries.asSlice((long) index * ENTRY_BYTES, ENTRY_BYTES);
            byte[] sha256 = entry.asSlice(16, 32).toArray(ValueLayout.JAVA_BYTE);
            BodyForm form = BodyForm.plain(entry.get(INT, 8), entry.get(INT, 12));
            return new PackRecord(entry.get(LONG, 0), 0, space, ChunkId.of(sha256), form);
        }
    }

    /// The bytes of a table.
    ///
    /// @param records one after the other from offset 0, at least one
    static ByteBuffer encode(long id, SpaceId space, List<PackRecord> records) {
        ByteBuffer out =
                ByteBuffer.allocate(HEADER_BYTES + records.size() * ENTRY_BYTES)
                        .order(ByteOrder.LITTLE_ENDIAN);
        byte[] name = space.value().getBytes(StandardCharsets.US_ASCII);
        out.putLong(0, MAGIC).putInt(8, VERSION).putLong(12, id).putInt(20, records.size());
        out.putLong(24, records.getLast().bodyEnd()).putInt(32, name.length).put(36, name);
        out.position(HEADER_BYTES);
        for (PackRecord record : records) {
            out.putLong(record.offset()).putInt(record.storedBytes());
            out.putInt(record.form().crc()).put(record.id().bytes());
        }
        out.flip();
        out.putInt(104, Checksums.crc32c(out.slice(HEADER_BYTES, out.limit() - HEADER_BYTES)));
        out.putInt(108, Checksums.crc32c(out.slice(0, 108)));
        return out;
    }

    /// The table in these bytes, checked throughout, or null if it is torn.
    ///
    /// @throws QuernException `INVALID` if a later version of Quern wrote it
    static @Nullable Table table(MemorySegment bytes, long id, String name) {
        long length = bytes.byteSize();
        if (length < HEADER_BYTES + ENTRY_BYTES
                || length > HEADER_BYTES + (long) MAX_CHUNKS * ENTRY_BYTES) {
            return null;
        }
        ByteBuffer in = bytes.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        if (in.getLong(0) != MAGIC || in.getInt(108) != Checksums.crc32c(in.slice(0, 108))) {
            return null;
        }
        if (in.getInt(8) != VERSION) {
            throw QuernException.invalid(
                    "run "
                            + name
                            + " has version "
                            + Integer.toUnsignedString(in.getInt(8))
                            + ", this build reads up to "
                            + VERSION);
        }
        int chunks = in.getInt(20);
        int spaceBytes = in.getInt(32);
        boolean plausible =
                in.getLong(12) == id
                        && spaceBytes > 0
                        && spaceBytes < SPACE_BYTES
                        && length == HEADER_BYTES + (long) chunks * ENTRY_BYTES
                        && in.getInt(104)
                                == Checksums.crc32c(in.slice(HEADER_BYTES, chunks * ENTRY_BYTES));
        return plausible ? table(in, bytes.asSlice(HEADER_BYTES)) : null;
    }

    private static @Nullable Table table(ByteBuffer in, MemorySegment entries) {
        byte[] space = new byte[in.getInt(32)];
        in.get(36, space);
        int chunks = in.getInt(20);
        long length = in.getLong(24);
        long end = 0;
        for (int i = 0; i < chunks; i++) {
            int bytes = entries.get(INT, (long) i * ENTRY_BYTES + 8);
            boolean follows = entries.get(LONG, (long) i * ENTRY_BYTES) == end;
            if (!follows || bytes < 1 || bytes > ChunkStore.MAX_CHUNK_BYTES) {
                return null;
            }
            end += bytes;
        }
        try {
            SpaceId name = new SpaceId(new String(space, StandardCharsets.US_ASCII));
            return end == length ? new Table(name, chunks, length, entries) : null;
        } catch (QuernException e) {
            return null;
        }
    }
}
