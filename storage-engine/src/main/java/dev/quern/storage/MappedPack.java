package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Locale;

/// A pack in memory, readable until its arena is closed.
record MappedPack(Path file, Arena arena, MemorySegment bytes, PackLayout layout) {
    /// The record of a chunk, itself and its body checked.
    ///
    /// @throws QuernException `CORRUPT` naming the file and the offset
    PackRecord verified(SpaceId space, ChunkId chunk, long offset) {
        PackRecord record = layout.record(bytes, offset);
        if (record == null || !record.id().equals(chunk) || !record.space().equals(space)) {
            throw QuernException.corrupt(
                    "pack " + file + " at offset " + offset + " has no record of chunk " + chunk);
        }
        verifiedBody(record);
        return record;
    }

    /// The body of a record as it is stored, checked.
    ///
    /// @throws QuernException `CORRUPT` naming the file and the offset
    MemorySegment verifiedBody(PackRecord record) {
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
        MemorySegment body = body(record);
        int crc = Checksums.crc32c(body);
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
        return body;
    }

    /// The body of a record as it is stored, unchecked.
    MemorySegment body(PackRecord record) {
        return bytes.asSlice(record.bodyOffset(), record.storedBytes());
    }
}
