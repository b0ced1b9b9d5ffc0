package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Locale;
import java.util.zip.CRC32C;

/// A pack in memory, readable until its arena is closed.
record MappedPack(Path file, Arena arena, MemorySegment bytes, PackLayout layout) {
    /// Pieces that stay in a core's cache between the copying and the checking.
    private static final int PIECE_BYTES = 32 << 10;

    /// The record of a chunk, itself checked but not its body.
    ///
    /// @throws QuernException `CORRUPT` naming the file and the offset
    PackRecord record(SpaceId space, ChunkId chunk, long offset) {
        PackRecord record = layout.record(bytes, offset);
        if (record == null || !record.id().equals(chunk) || !record.space().equals(space)) {
            throw QuernException.corrupt(
                    "pack " + file + " at offset " + offset + " has no record of chunk " + chunk);
        }
        return record;
    }

    /// The body of a record as it is stored, checked.
    ///
    /// @throws QuernException `CORRUPT` naming the file and the offset
    MemorySegment verifiedBody(PackRecord record) {
        MemorySegment body = wholeBody(record);
        requireMatch(record, Checksums.crc32c(body));
        return body;
    }

    /// Copies the body of a record as it is stored, and checks what was copied.
    ///
    /// @param target as long as the body, of any kind
    /// @throws QuernException `CORRUPT` naming the file and the offset
    void copy(PackRecord record, MemorySegment target) {
        MemorySegment body = wholeBody(record);
        CRC32C crc = new CRC32C();
        for (long at = 0; at < body.byteSize(); at += PIECE_BYTES) {
            long length = Math.min(PIECE_BYTES, body.byteSize() - at);
            MemorySegment piece = target.asSlice(at, length);
            piece.copyFrom(body.asSlice(at, length));
            crc.update(Segments.buffer(piece));
        }
        requireMatch(record, (int) crc.getValue());
    }

    private MemorySegment wholeBody(PackRecord record) {
        if (record.bodyEnd() > bytes.byteSize()) {
            throw QuernException.corrupt(
                    "pack "
                            + file
                            + " at offset "
                            + record.offset()
                            + ": chunk "
                            + record.id()
                            + " ends after the pack");
        }
        return body(record);
    }

    private void requireMatch(PackRecord record, int crc) {
        if (crc != record.form().crc()) {
            throw QuernException.corrupt(
                    String.format(
                            Locale.ROOT,
                            "pack %s at offset %d: chunk %s must have the checksum %08x, got %08x",
                            file,
                            record.offset(),
                            record.id(),
                            record.form().crc(),
                            crc));
        }
    }

    /// The body of a record as it is stored, unchecked.
    MemorySegment body(PackRecord record) {
        return bytes.asSlice(record.bodyOffset(), record.storedBytes());
    }
}
