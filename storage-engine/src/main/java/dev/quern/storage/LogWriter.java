package dev.quern.storage;

import dev.quern.storage.Disk.DiskFile;
import dev.quern.storage.FactLogFormat.Header;
import dev.quern.storage.LogSegment.Mapped;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/// The segment that is being appended to. All of its blocks are written once when it is made, so
/// that an append finds room and a force has no metadata to write. Not thread-safe.
final class LogWriter implements AutoCloseable {
    private final LogSegment segment;
    private final DiskFile file;
    private final long salt;
    private final ByteBuffer staging;
    private long position = FactLogFormat.HEADER_BYTES;
    private boolean spoiled;

    private LogWriter(LogSegment segment, DiskFile file, long salt, ByteBuffer staging) {
        this.segment = segment;
        this.file = file;
        this.salt = salt;
        this.staging = staging;
    }

    /// Makes a segment, durable with its name; nothing of it stays if that fails. Takes the place
    /// of one of the same name, which never got a whole entry.
    ///
    /// @param spare gives the file, if it has one ready
    /// @param staging holds a group while it is put together; 64 bytes or more
    static LogWriter create(
            Disk disk, Path directory, Header header, SpareSegment spare, ByteBuffer staging)
            throws IOException {
        long sizeBytes = spare.sizeBytes();
        LogSegment segment = new LogSegment(disk, directory, header.firstIndex(), sizeBytes);
        Arena arena = Arena.ofShared();
        DiskFile file = null;
        boolean created = false;
        try {
            disk.delete(segment.file());
            file = spare.take();
            boolean renamed = file != null;
            if (file == null) {
                zero(staging);
                file = SpareSegment.fill(disk, segment.file(), sizeBytes, staging);
            }
            writeHeader(file, header, staging);
            if (renamed) {
                disk.rename(spare.file(), segment.file());
            }
            disk.syncDirectory(directory);
            segment.adopt(arena, new Mapped(file.map(arena), header));
            created = true;
            return new LogWriter(segment, file, header.salt(), staging);
        } finally {
            if (!created) {
                arena.close();
                if (file != null) {
                    file.close();
                }
                disk.delete(segment.file());
            }
        }
    }

    private static void zero(ByteBuffer staging) {
        MemorySegment.ofBuffer(staging.clear()).fill((byte) 0);
    }

    private static void writeHeader(DiskFile file, Header header, ByteBuffer staging)
            throws IOException {
        staging.clear();
        FactLogFormat.putHeader(staging, header);
        file.write(staging.flip(), 0);
        file.force();
    }

    LogSegment segment() {
        return segment;
    }

    /// Whether it has an entry.
    boolean isEmpty() {
        return position == FactLogFormat.HEADER_BYTES;
    }

    /// How many bytes of entries it takes.
    long roomBytes() {
        return spoiled ? -1 : segment.sizeBytes() - position;
    }

    /// Whether it takes a group of this many bytes.
    boolean fits(long bytes) {
        return bytes <= roomBytes();
    }

    /// Writes entries that [#fits] said there is room for. After a failure nothing more fits: what
    /// was written of them must not be taken for the beginning of the next group.
    void append(List<LogEntry> entries) throws IOException {
        staging.clear();
        for (LogEntry entry : entries) {
            FactLogFormat.putEntry(staging, position + staging.position(), salt, entry);
        }
        staging.flip();
        int length = staging.remaining();
        boolean written = false;
        try {
            file.write(staging, position);
            position += length;
            written = true;
        } finally {
            spoiled = !written;
        }
    }

    /// Makes the entries durable.
    void force() throws IOException {
        file.force();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
