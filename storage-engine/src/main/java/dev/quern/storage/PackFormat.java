package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.BodyForm.Seal;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The bytes of a pack file: a header, chunk records one after the other and, once the pack is
/// sealed, a footer that repeats the records' headers. Integers are little-endian and unsigned;
/// checksums are CRC32C. Unused bytes are 0.
///
/// Header, 32 bytes at offset 0:
///
/// | offset | bytes | field |
/// |---|---|---|
/// | 0 | 8 | magic `QUERNPCK` |
/// | 8 | 4 | version: 1 or 2 |
/// | 12 | 8 | id of the pack, as in its file name |
/// | 20 | 8 | salt, random for each pack |
/// | 28 | 4 | checksum of bytes 0 to 28 |
///
/// Record, at a multiple of 8: header of 152 bytes (version 1: 136), then the body:
///
/// | offset | bytes | field |
/// |---|---|---|
/// | 0 | 4 | magic `QCHK` |
/// | 4 | 1 | codec of the body: 0 none, 1 zstd, 2 zstd after grouping bytes by 2, 3 by 4 (version 1: 0) |
/// | 5 | 1 | length of the space's name, 1 to 63 |
/// | 6 | 1 | flags: bit 0 the body is encrypted (version 1: 0) |
/// | 7 | 1 | 0 |
/// | 8 | 8 | offset of this record in the pack |
/// | 16 | 8 | salt of the pack |
/// | 24 | 4 | bytes of the body as it is stored |
/// | 28 | 4 | bytes of the chunk |
/// | 32 | 4 | checksum of the body as it is stored |
/// | 36 | 32 | SHA-256 of the chunk |
/// | 68 | 64 | the space's name, filled up with 0 |
/// | 132 | 4 | id of the data key, from 1; 0 if not encrypted (not in version 1) |
/// | 136 | 12 | nonce, 0 if not encrypted (not in version 1) |
/// | 148 | 4 | checksum of bytes 0 to 148 (version 1: at 132, of bytes 0 to 132) |
///
/// The body is the chunk after its codec ([Codec]; a zstd body is shorter than the chunk, and of
/// one frame, or of one for each group of bytes, which lie as in [ByteGrouping]) and, when
/// encrypted, after AES-256-GCM, which adds a tag of 16 bytes ([BodyCipher]).
///
/// Offset and salt make a record valid in one place only: neither a chunk whose bytes look like a
/// record nor a reused disk block can pass for one when a torn pack is searched.
///
/// Footer, after the last record: the header of every record, then a trailer of 40 bytes that ends
/// the file:
///
/// | offset | bytes | field |
/// |---|---|---|
/// | 0 | 8 | magic `QUERNEND` |
/// | 8 | 8 | offset of the footer |
/// | 16 | 8 | salt of the pack |
/// | 24 | 4 | number of records |
/// | 28 | 4 | 0 |
/// | 32 | 4 | checksum of the footer's record headers |
/// | 36 | 4 | checksum of bytes 0 to 36 |
///
/// A pack without a valid trailer was not sealed; its records are found by walking them.
///
/// Version rule: a reader takes every version up to its own and refuses later ones; any change of
/// these bytes is a new version. Only the latest is written, and a pack is of one version: those of
/// earlier runs, and so of earlier versions, are never appended to. A new version may be written
/// only once every reader that may meet it understands it.
final class PackFormat {
    static final int VERSION = 2;
    static final int HEADER_BYTES = 32;
    static final int RECORD_BYTES = 152;
    static final int TRAILER_BYTES = 40;

    private static final long HEADER_MAGIC = magic("QUERNPCK");
    private static final long TRAILER_MAGIC = magic("QUERNEND");
    private static final int RECORD_MAGIC = (int) magic("QCHK\0\0\0\0");
    private static final int SPACE_BYTES = 64;
    private static final int RECORD_BYTES_1 = 136;
    private static final int ENCRYPTED = 1;

    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private PackFormat() {}

    /// What a header says.
    ///
    /// @param version 1 to [#VERSION]
    /// @param salt of the pack
    record Header(int version, long salt) implements PackLayout {
        /// The header of a new pack.
        static Header of(long salt) {
            return new Header(VERSION, salt);
        }

        /// Length of the header of a record.
        int recordBytes() {
            return version == 1 ? RECORD_BYTES_1 : RECORD_BYTES;
        }

        @Override
        public @Nullable PackRecord record(MemorySegment pack, long offset) {
            PackRecord record = PackFormat.record(pack, offset, this);
            return record == null || record.offset() != offset ? null : record;
        }

        @Override
        public void forEach(MappedPack pack, Consumer<PackRecord> records) {
            new PackScanner(pack.file().toString(), pack.bytes(), this).scan(HEADER_BYTES, records);
        }
    }

    /// What a trailer says.
    ///
    /// @param footerOffset where the footer begins
    /// @param records how many record headers it has
    record Footer(long footerOffset, int records) {}

    /// The next multiple of 8.
    static long align(long offset) {
        return (offset + 7) & ~7L;
    }

    static void putHeader(ByteBuffer target, long packId, long salt) {
        ByteBuffer out = begin(target, HEADER_BYTES);
        out.putLong(0, HEADER_MAGIC);
        out.putInt(8, VERSION);
        out.putLong(12, packId);
        out.putLong(20, salt);
        end(target, out);
    }

    /// The header of a pack, or null if it is torn.
    ///
    /// @throws QuernException `INVALID` if a later version of Quern wrote it, `CORRUPT` if the
    ///   header is whole and of another pack
    static @Nullable Header header(MemorySegment pack, long packId, String name) {
        ByteBuffer in = view(pack, 0, HEADER_BYTES);
        if (in == null || in.getLong(0) != HEADER_MAGIC || !checks(in)) {
            return null;
        }
        int version = in.getInt(8);
        if (version < 1 || version > VERSION) {
            throw QuernException.invalid(
                    "pack "
                            + name
                            + " has version "
                            + Integer.toUnsignedString(version)
                            + ", this build reads up to "
                            + VERSION);
        }
        if (in.getLong(12) != packId) {
            throw QuernException.corrupt(
                    "pack "
                            + name
                            + " at offset 12 must have the id "
                            + packId
                            + ", got "
                            + in.getLong(12));
        }
        return new Header(version, in.getLong(20));
    }

    /// Writes the header of a record of a pack of this version.
    static void putRecord(ByteBuffer target, PackRecord record, long salt) {
        ByteBuffer out = begin(target, RECORD_BYTES);
        byte[] space = record.space().value().getBytes(StandardCharsets.US_ASCII);
        BodyForm form = record.form();
        out.putInt(0, RECORD_MAGIC);
        out.put(4, (byte) form.codec().code());
        out.put(5, (byte) space.length);
        out.putLong(8, record.offset());
        out.putLong(16, salt);
        out.putInt(24, form.storedBytes());
        out.putInt(28, form.rawBytes());
        out.putInt(32, form.crc());
        out.put(36, record.id().bytes());
        out.put(68, space);
        if (form.seal().isPresent()) {
            Seal seal = form.seal().get();
            out.put(6, (byte) ENCRYPTED);
            out.putInt(132, seal.keyId());
            out.putLong(136, seal.nonceHigh());
            out.putInt(144, seal.nonceLow());
        }
        end(target, out);
    }

    /// Whether a record may begin here: the cheap test before [#record].
    static boolean mayBeRecord(MemorySegment pack, long at) {
        return pack.get(INT, at) == RECORD_MAGIC;
    }

    /// The record whose header is at `at`, or null if there is none that belongs to this pack.
    static @Nullable PackRecord record(MemorySegment pack, long at, Header header) {
        ByteBuffer in = view(pack, at, header.recordBytes());
        if (in == null
                || in.getInt(0) != RECORD_MAGIC
                || in.getLong(16) != header.salt()
                || !checks(in)) {
            return null;
        }
        BodyForm form = form(in, header.version());
        int spaceBytes = in.get(5);
        if (form == null || spaceBytes <= 0 || spaceBytes >= SPACE_BYTES) {
            return null;
        }
        byte[] sha256 = new byte[32];
        in.get(36, sha256);
        byte[] space = new byte[spaceBytes];
        in.get(68, space);
        try {
            return new PackRecord(
                    in.getLong(8),
                    header.recordBytes(),
                    new SpaceId(new String(space, StandardCharsets.US_ASCII)),
                    ChunkId.of(sha256),
                    form);
        } catch (QuernException e) {
            return null;
        }
    }

    private static @Nullable BodyForm form(ByteBuffer in, int version) {
        Codec codec = Codec.of(in.get(4));
        int flags = in.get(6);
        boolean known = version > 1 || (codec == Codec.NONE && flags == 0);
        if (codec == null || !known || (flags & ~ENCRYPTED) != 0) {
            return null;
        }
        Optional<Seal> seal =
                flags == 0
                        ? Optional.empty()
                        : Optional.of(new Seal(in.getInt(132), in.getLong(136), in.getInt(144)));
        BodyForm form = new BodyForm(codec, in.getInt(24), in.getInt(28), in.getInt(32), seal);
        return form.isPlausible() ? form : null;
    }

    /// Where the record after this one begins, taken from its header unchecked.
    static long end(MemorySegment pack, long at, Header header) {
        return align(at + header.recordBytes() + pack.get(INT, at + 24));
    }

    static void putTrailer(ByteBuffer target, Footer footer, long salt, int footerCrc) {
        ByteBuffer out = begin(target, TRAILER_BYTES);
        out.putLong(0, TRAILER_MAGIC);
        out.putLong(8, footer.footerOffset());
        out.putLong(16, salt);
        out.putInt(24, footer.records());
        out.putInt(32, footerCrc);
        end(target, out);
    }

    /// The footer, checked, or null if the pack does not end in a whole one.
    static @Nullable Footer footer(MemorySegment pack, Header header) {
        long at = pack.byteSize() - TRAILER_BYTES;
        Footer footer =
                at < 0 ? null : trailer(pack.asSlice(at, TRAILER_BYTES), pack.byteSize(), header);
        if (footer == null) {
            return null;
        }
        MemorySegment records = pack.asSlice(footer.footerOffset(), at - footer.footerOffset());
        return Checksums.crc32c(records) == pack.get(INT, at + 32) ? footer : null;
    }

    /// What the trailer of a pack says, or null if it is none. The records that it counts are not
    /// checked by this.
    ///
    /// @param trailer the last bytes of the pack
    /// @param packBytes length of the whole pack
    static @Nullable Footer trailer(MemorySegment trailer, long packBytes, Header header) {
        ByteBuffer in = view(trailer, 0, TRAILER_BYTES);
        if (in == null
                || in.getLong(0) != TRAILER_MAGIC
                || in.getLong(16) != header.salt()
                || !checks(in)) {
            return null;
        }
        Footer footer = new Footer(in.getLong(8), in.getInt(24));
        long length = packBytes - TRAILER_BYTES - footer.footerOffset();
        boolean plausible =
                footer.footerOffset() >= HEADER_BYTES
                        && footer.records() >= 0
                        && length == (long) footer.records() * header.recordBytes()
                        && length <= Integer.MAX_VALUE;
        return plausible ? footer : null;
    }

    private static ByteBuffer begin(ByteBuffer target, int length) {
        ByteBuffer out = target.slice(target.position(), length).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < length; i++) {
            out.put(i, (byte) 0);
        }
        return out;
    }

    /// Closes a structure with the checksum of all before it.
    private static void end(ByteBuffer target, ByteBuffer out) {
        int length = out.capacity();
        out.putInt(length - 4, Checksums.crc32c(out.slice(0, length - 4)));
        target.position(target.position() + length);
    }

    private static boolean checks(ByteBuffer in) {
        int length = in.capacity();
        return in.getInt(length - 4) == Checksums.crc32c(in.slice(0, length - 4));
    }

    private static @Nullable ByteBuffer view(MemorySegment pack, long at, int length) {
        return at < 0 || at > pack.byteSize() - length
                ? null
                : pack.asSlice(at, length).asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    }

    private static long magic(String eight) {
        return ByteBuffer.wrap(eight.getBytes(StandardCharsets.US_ASCII))
                .order(ByteOrder.LITTLE_ENDIAN)
                .getLong();
    }
}
