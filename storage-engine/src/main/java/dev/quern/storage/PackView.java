package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.storage.PackFormat.Header;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.function.Consumer;

/// All records of one pack file, with a mapping of its own: for work that goes through whole packs
/// and must not hold up their removal. Not thread-safe; whoever opens it closes it.
final class PackView implements AutoCloseable {
    private final Arena arena = Arena.ofConfined();
    private final Path file;
    private final MemorySegment bytes;
    private final Header header;

    /// Maps a pack.
    ///
    /// @throws QuernException `CORRUPT` if it has no valid header
    /// @throws IOException if it cannot be read; it may be gone
    PackView(Disk disk, Pack pack) throws IOException {
        this.file = pack.file();
        boolean opened = false;
        try {
            bytes = disk.map(file, arena);
            Header found = PackFormat.header(bytes, pack.id(), file.toString());
            if (found == null) {
                throw QuernException.corrupt("pack " + file + " at offset 0 has no valid header");
            }
            header = found;
            opened = true;
        } finally {
            if (!opened) {
                arena.close();
            }
        }
    }

    /// Hands over every record whose header is whole, in order.
    void forEach(Consumer<PackRecord> records) {
        new PackScanner(file.toString(), bytes, header).scan(PackFormat.HEADER_BYTES, records);
    }

    /// The body of a record as it is stored.
    ///
    /// @throws QuernException `CORRUPT` naming the file and the offset
    MemorySegment body(PackRecord record) {
        if (record.bodyEnd() > bytes.byteSize()) {
            throw damaged(record, "ends after the pack");
        }
        MemorySegment body = bytes.asSlice(record.bodyOffset(), record.storedBytes());
        if (Checksums.crc32c(body) != record.form().crc()) {
            throw damaged(record, "does not match its checksum");
        }
        return body;
    }

    private QuernException damaged(PackRecord record, String how) {
        return QuernException.corrupt(
                "pack "
                        + file
                        + " at offset "
                        + record.offset()
                        + ": chunk "
                        + record.id()
                        + " "
                        + how);
    }

    @Override
    public void close() {
        arena.close();
    }
}
