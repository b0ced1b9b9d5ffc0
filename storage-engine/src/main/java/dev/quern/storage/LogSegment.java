package dev.quern.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.QuernException;
import dev.quern.storage.FactLogFormat.Header;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// One file of the log, to be read. It is mapped when it is first read, and unmapped once it is
/// retired and the last read is over. Thread-safe.
final class LogSegment {
    static final String SUFFIX = ".log";

    private final Disk disk;
    private final Path file;
    private final long firstIndex;
    private final long sizeBytes;

    @GuardedBy("this")
    private @Nullable Arena arena;

    @GuardedBy("this")
    private @Nullable Mapped mapped;

    @GuardedBy("this")
    private int readers;

    @GuardedBy("this")
    private boolean retired;

    /// What a read sees.
    ///
    /// @param bytes the whole file
    /// @param header read from it
    record Mapped(MemorySegment bytes, Header header) {}

    LogSegment(Disk disk, Path directory, long firstIndex, long sizeBytes) {
        this.disk = disk;
        this.file = file(directory, firstIndex);
        this.firstIndex = firstIndex;
        this.sizeBytes = sizeBytes;
    }

    static Path file(Path directory, long firstIndex) {
        return directory.resolve(String.format(Locale.ROOT, "%016x", firstIndex) + SUFFIX);
    }

    Path file() {
        return file;
    }

    long firstIndex() {
        return firstIndex;
    }

    long sizeBytes() {
        return sizeBytes;
    }

    /// Takes a mapping over, together with the arena that ends it.
    synchronized void adopt(Arena owner, Mapped whole) {
        arena = owner;
        mapped = whole;
    }

    /// What a read of the file gives; empty if the segment is no longer retained.
    ///
    /// @throws QuernException `CORRUPT` if its header is damaged, `UNAVAILABLE` if it cannot be
    ///   mapped
    <T> @Nullable T read(Function<Mapped, @Nullable T> reader) {
        Mapped open = acquire();
        if (open == null) {
            return null;
        }
        try {
            return reader.apply(open);
        } finally {
            release();
        }
    }

    private synchronized @Nullable Mapped acquire() {
        if (retired) {
            return null;
        }
        if (mapped == null) {
            mapped = map();
        }
        readers++;
        return mapped;
    }

    @GuardedBy("this")
    private Mapped map() {
        Arena owner = Arena.ofShared();
        boolean kept = false;
        try {
            MemorySegment bytes = disk.map(file, owner);
            Header header = FactLogFormat.header(bytes, firstIndex, file);
            if (header == null) {
                throw QuernException.corrupt(
                        "log segment " + file + " at offset 0 has a damaged header");
            }
            arena = owner;
            kept = true;
            return new Mapped(bytes, header);
        } catch (IOException e) {
            throw StorageErrors.of("cannot map log segment " + file, e);
        } finally {
            if (!kept) {
                owner.close();
            }
        }
    }

    private synchronized void release() {
        readers--;
        unmap();
    }

    /// Lets no new read begin.
    synchronized void retire() {
        retired = true;
        unmap();
    }

    @GuardedBy("this")
    private void unmap() {
        if (retired && readers == 0 && arena != null) {
            arena.close();
            arena = null;
            mapped = null;
        }
    }
}
