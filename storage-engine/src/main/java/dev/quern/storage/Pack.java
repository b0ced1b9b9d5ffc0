package dev.quern.storage;

import com.google.errorprone.annotations.MustBeClosed;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.PackFormat.Header;
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
    private @Nullable MappedPack mapping;

    @GuardedBy("this")
    private int leases;

    @GuardedBy("this")
    private boolean retired;

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
    synchronized void adopt(Arena arena, MemorySegment bytes, Header header) {
        mapping = new MappedPack(file, arena, bytes, header);
    }

    /// Opens a chunk, its record and body verified. What is stored as it is, is read in place; the
    /// rest is decoded into memory of its own.
    ///
    /// @throws QuernException `CORRUPT` naming the file and the offset
    @MustBeClosed
    ChunkLease open(SpaceId space, ChunkId chunk, long offset, BodyCodec codec) {
        MappedPack pinned = acquire();
        boolean keep = false;
        try {
            PackRecord record = pinned.verified(space, chunk, offset);
            MemorySegment body = pinned.body(record);
            if (record.form().isPlain()) {
                keep = true;
                return new Lease(body, this::release);
            }
            return new Lease(codec.decode(record, body, file), () -> {});
        } finally {
            if (!keep) {
                release();
            }
        }
    }

    private synchronized MappedPack acquire() {
        if (retired) {
            throw QuernException.internal("pack " + file + " is retired", null);
        }
        MappedPack current = mapping;
        if (current == null) {
            current = map();
            mapping = current;
        }
        leases++;
        return current;
    }

    private MappedPack map() {
        Arena arena = Arena.ofShared();
        boolean mapped = false;
        try {
            MemorySegment bytes = disk.map(file, arena);
            Header header = PackFormat.header(bytes, id, file.toString());
            if (header == null) {
                throw QuernException.corrupt("pack " + file + " at offset 0 has no valid header");
            }
            mapped = true;
            return new MappedPack(file, arena, bytes, header);
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
            mapping.arena().close();
            mapping = null;
        }
    }

    private static final class Lease implements ChunkLease {
        private final MemorySegment bytes;
        private final Runnable onClose;
        private boolean closed;

        Lease(MemorySegment bytes, Runnable onClose) {
            this.bytes = bytes;
            this.onClose = onClose;
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
                onClose.run();
            }
        }
    }
}
