package dev.quern.storage;

import com.google.errorprone.annotations.MustBeClosed;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// One pack file for reading: mapped whole at the first lease, unmapped once it is retired and the
/// last lease on it is closed. Thread-safe.
final class Pack {
    static final String SUFFIX = ".pack";

    private final Disk disk;
    private final long id;
    private final Path file;

    @GuardedBy("this")
    private @Nullable Mapping mapping;

    @GuardedBy("this")
    private int leases;

    @GuardedBy("this")
    private boolean retired;

    private record Mapping(Arena arena, MemorySegment bytes, long salt) {}

    /// A pack that is mapped when it is first read.
    Pack(Disk disk, Path directory, long id) {
        this.disk = disk;
        this.id = id;
        this.file = file(directory, id);
    }

    /// Where the pack with an id is kept: 16 hex digits and `.pack`.
    static Path file(Path directory, long id) {
        return directory.resolve(String.format(Locale.ROOT, "%016x", id) + SUFFIX);
    }

    long id() {
        return id;
    }

    Path file() {
        return file;
    }

    /// Takes over the mapping of a pack that is being written.
    synchronized void adopt(Arena arena, MemorySegment bytes, long salt) {
        mapping = new Mapping(arena, bytes, salt);
    }

    /// Opens a chunk, its record and body verified.
    ///
    /// @throws QuernException `CORRUPT` naming the file and the offset
    @MustBeClosed
    ChunkLease open(SpaceId space, ChunkId chunk, long offset) {
        Mapping pinned = acquire();
        boolean opened = false;
        try {
            MemorySegment body = verify(pinned, space, chunk, offset);
            opened = true;
            return new Lease(body);
        } finally {
            if (!opened) {
                release();
            }
        }
    }

    private MemorySegment verify(Mapping pinned, SpaceId space, ChunkId chunk, long offset) {
        PackRecord record = PackFormat.record(pinned.bytes, offset, pinned.salt);
        if (record == null
                || record.offset() != offset
                || !record.id().equals(chunk)
                || !record.space().equals(space)
                || record.storedBytes() > pinned.bytes.byteSize() - record.bodyOffset()) {
            throw QuernException.corrupt(
                    "pack " + file + " at offset " + offset + " has no record of chunk " + chunk);
        }
        MemorySegment body = pinned.bytes.asSlice(record.bodyOffset(), record.storedBytes());
        int crc = Checksums.crc32c(body);
        if (crc != record.bodyCrc()) {
            throw QuernException.corrupt(
                    String.format(
                            Locale.ROOT,
                            "pack %s at offset %d: chunk %s must have the checksum %08x, got %08x",
                            file,
                            offset,
                            chunk,
                            record.bodyCrc(),
                            crc));
        }
        return body;
    }

    private synchronized Mapping acquire() {
        if (retired) {
            throw QuernException.internal("pack " + file + " is retired", null);
        }
        Mapping current = mapping;
        if (current == null) {
            current = map();
            mapping = current;
        }
        leases++;
        return current;
    }

    private Mapping map() {
        Arena arena = Arena.ofShared();
        boolean mapped = false;
        try {
            MemorySegment bytes = disk.map(file, arena);
            Long salt = PackFormat.salt(bytes, id, file.toString());
            if (salt == null) {
                throw QuernException.corrupt("pack " + file + " at offset 0 has no valid header");
            }
            mapped = true;
            return new Mapping(arena, bytes, salt);
        } catch (IOException e) {
            throw StorageErrors.of("cannot map pack " + file, e);
        } finally {
            if (!mapped) {
                arena.close();
            }
        }
    }

    private synchronized void release() {
        leases--;
        unmapWhenUnused();
    }

    /// Lets no new lease begin; the mapping goes with the last one.
    synchronized void retire() {
        retired = true;
        unmapWhenUnused();
    }

    @GuardedBy("this")
    private void unmapWhenUnused() {
        if (retired && leases == 0 && mapping != null) {
            mapping.arena.close();
            mapping = null;
        }
    }

    private final class Lease implements ChunkLease {
        private final MemorySegment bytes;
        private boolean closed;

        Lease(MemorySegment bytes) {
            this.bytes = bytes;
        }

        @Override
        public MemorySegment bytes() {
            if (closed) {
                throw new IllegalStateException("lease is closed");
            }
            return bytes;
        }

        @Override
        public void close() {
            if (!closed) {
                closed = true;
                release();
            }
        }
    }
}
