package dev.quern.storage;

import com.google.errorprone.annotations.MustBeClosed;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkStore.Extent;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.BiConsumer;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One pack for reading: mapped whole at the first lease, unmapped once it is retired and the last
/// lease on it is closed. Only then is the file of a pack that was deleted removed too, so that a
/// lease may be on the file itself. Thread-safe.
final class Pack {
    /// What a pack is made of.
    enum Kind {
        /// [PackFormat]: many chunks, each with a header.
        RECORDS(".pack"),
        /// [RunFormat]: the bytes of one file, and a table beside it.
        RUN(".run");

        private final String suffix;

        Kind(String suffix) {
            this.suffix = suffix;
        }

        String suffix() {
            return suffix;
        }
    }

    private static final Logger LOG = LoggerFactory.getLogger(Pack.class);

    private final Disk disk;
    private final Path directory;
    private final long id;
    private final Kind kind;
    private final Path file;

    @GuardedBy("this")
    private @Nullable MappedPack mapping;

    @GuardedBy("this")
    private int leases;

    @GuardedBy("this")
    private boolean retired;

    @GuardedBy("this")
    private boolean doomed;

    /// A pack that is mapped when it is first read.
    Pack(Disk disk, Path directory, long id, Kind kind) {
        this.disk = disk;
        this.directory = directory;
        this.id = id;
        this.kind = kind;
        this.file = file(directory, id, kind);
    }

    /// Where the pack with an id is kept: 16 hex digits and the suffix of its kind.
    static Path file(Path directory, long id, Kind kind) {
        return directory.resolve(String.format(Locale.ROOT, "%016x", id) + kind.suffix);
    }

    /// Where the pack of records with an id is kept.
    static Path file(Path directory, long id) {
        return file(directory, id, Kind.RECORDS);
    }

    long id() {
        return id;
    }

    Kind kind() {
        return kind;
    }

    Path file() {
        return file;
    }

    /// Where the table of a run is kept.
    Path tableFile() {
        return RunFormat.tableFile(directory, id);
    }

    /// Takes over the mapping of a pack that is being written.
    synchronized void adopt(MappedPack mapped) {
        mapping = mapped;
    }

    /// Opens a chunk, its record and body verified. What is stored as it is, is read in place; the
    /// rest is decoded into memory of its own.
    ///
    /// @return null if the pack is retired
    /// @throws QuernException `CORRUPT` naming the file and the offset
    @MustBeClosed
    @Nullable ChunkLease open(SpaceId space, ChunkId chunk, long offset, BodyCodec codec) {
        MappedPack pinned = acquire();
        if (pinned == null) {
            return null;
        }
        boolean keep = false;
        try {
            PackRecord record = pinned.record(space, chunk, offset);
            MemorySegment body = pinned.verifiedBody(record);
            if (record.form().isPlain()) {
                keep = true;
                return new BytesLease(body, this::release);
            }
            return new BytesLease(codec.decode(record, body, file), () -> {});
        } finally {
            if (!keep) {
                release();
            }
        }
    }

    /// Copies a chunk, its record and body verified; one that is stored as it is, without a buffer
    /// in between.
    ///
    /// @param target given the chunk's length, returns memory that is as long
    /// @return that memory; null if the pack is retired
    /// @throws QuernException `CORRUPT` naming the file and the offset
    @Nullable MemorySegment read(
            SpaceId space,
            ChunkId chunk,
            long offset,
            BodyCodec codec,
            IntFunction<MemorySegment> target) {
        MappedPack pinned = acquire();
        if (pinned == null) {
            return null;
        }
        try {
            PackRecord record = pinned.record(space, chunk, offset);
            MemorySegment to = target.apply(record.form().rawBytes());
            if (record.form().isPlain()) {
                pinned.copy(record, to);
            } else {
                to.copyFrom(codec.decode(record, pinned.verifiedBody(record), file));
            }
            return to;
        } finally {
            release();
        }
    }

    /// Keeps the file where it is while a part of it is used.
    ///
    /// @return null if the pack is retired
    @MustBeClosed
    @Nullable ExtentLease lease(long offset, long lengthBytes) {
        return acquire() == null
                ? null
                : new ExtentLease(new Extent(file, offset, lengthBytes), this::release);
    }

    /// Hands over all records in order, with the pack, which may be read during the call only.
    /// Nothing may be appended to it any more: a file that is sealed becomes shorter than what was
    /// mapped while it was written, so this maps it as it is now.
    ///
    /// @return false if the pack is retired
    boolean forEach(BiConsumer<PackRecord, MappedPack> visitor) {
        if (acquire() == null) {
            return false;
        }
        try (Arena arena = Arena.ofConfined()) {
            MappedPack whole = map(arena);
            whole.layout().forEach(whole, record -> visitor.accept(record, whole));
            return true;
        } catch (IOException e) {
            throw StorageErrors.of("cannot map pack " + file, e);
        } finally {
            release();
        }
    }

    /// Keeps the files where they are, without mapping them, until the returned action is run once.
    ///
    /// @return null if the pack is retired
    synchronized @Nullable Runnable hold() {
        if (retired) {
            return null;
        }
        leases++;
        return this::release;
    }

    private synchronized @Nullable MappedPack acquire() {
        if (retired) {
            return null;
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
            MappedPack pack = map(arena);
            mapped = true;
            return pack;
        } catch (IOException e) {
            throw StorageErrors.of("cannot map pack " + file, e);
        } finally {
            if (!mapped) {
                arena.close();
            }
        }
    }

    private MappedPack map(Arena arena) throws IOException {
        MemorySegment bytes = disk.map(file, arena);
        return new MappedPack(file, arena, bytes, layout(bytes, arena));
    }

    private PackLayout layout(MemorySegment bytes, Arena arena) throws IOException {
        Path table = kind == Kind.RUN ? tableFile() : file;
        PackLayout layout =
                switch (kind) {
                    case RECORDS -> PackFormat.header(bytes, id, file.toString());
                    case RUN -> RunFormat.table(disk.map(table, arena), id, table.toString());
                };
        if (layout == null) {
            throw QuernException.corrupt("pack " + table + " at offset 0 has no valid header");
        }
        return layout;
    }

    private synchronized void release() {
        leases--;
        letGoWhenUnused();
    }

    /// Lets no new lease begin; the mapping goes with the last one.
    synchronized void retire() {
        retired = true;
        letGoWhenUnused();
    }

    /// Retires the pack; its files go with the last lease.
    ///
    /// @return whether they are gone already
    synchronized boolean delete() {
        doomed = true;
        retire();
        return !doomed;
    }

    @GuardedBy("this")
    private void letGoWhenUnused() {
        if (!retired || leases > 0) {
            return;
        }
        if (mapping != null) {
            mapping.arena().close();
            mapping = null;
        }
        if (doomed) {
            doomed = !deleteFiles();
        }
    }

    /// The table goes last: a run without its table is garbage, a table without its run is none.
    @GuardedBy("this")
    private boolean deleteFiles() {
        try {
            disk.delete(file);
            if (kind == Kind.RUN) {
                disk.delete(tableFile());
            }
            return true;
        } catch (IOException e) {
            LOG.warn("pack {}: cannot delete: {}", file, e.toString());
            return false;
        }
    }
}
