package dev.quern.storage;

import dev.quern.storage.Disk.DiskFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The files of a cache ([CacheFormat]). No error leaves it: what cannot be read or written is not
/// there. After a failed write nothing is written for 10 s, so that a full disk is not tried for
/// every read. Nothing is forced: a file that a crash tore does not match its checksum.
/// Thread-safe, if each id is written and deleted by one thread at a time.
final class CacheFiles {
    private static final Logger LOG = LoggerFactory.getLogger(CacheFiles.class);
    private static final long REST_NANOS = 10_000_000_000L;

    private final Disk disk;
    private final Path directory;
    private final long minFreeBytes;

    /// When writing may be tried again, by the nano clock; 0 for at once.
    private final AtomicLong restUntil = new AtomicLong();

    private final AtomicLong failures = new AtomicLong();

    CacheFiles(Disk disk, Path directory, long minFreeBytes) {
        this.disk = disk;
        this.directory = directory;
        this.minFreeBytes = minFreeBytes;
    }

    /// Makes the directory and finds the files, with their sizes; what is no cache file is removed.
    Map<String, Integer> open() {
        Map<String, Integer> found = new HashMap<>();
        try {
            disk.createDirectories(directory);
            for (Path file : disk.list(directory, "")) {
                find(file, found);
            }
        } catch (IOException e) {
            failed("read cache directory " + directory, e);
        }
        return found;
    }

    private void find(Path file, Map<String, Integer> found) throws IOException {
        String name = String.valueOf(file.getFileName());
        long size = disk.sizeBytes(file);
        long maxBytes = CacheFormat.HEADER_BYTES + (long) BlobRange.MAX_BYTES;
        if (CacheFormat.isFile(name) && size > CacheFormat.HEADER_BYTES && size <= maxBytes) {
            String id = name.substring(0, name.length() - CacheFormat.SUFFIX.length());
            found.put(id, (int) size);
        } else {
            disk.delete(file);
        }
    }

    /// Opens a range whose file is there, verified; empty if it is not what it should be.
    Optional<ChunkLease> read(String id, BlobRange range) {
        Arena arena = Arena.ofShared();
        boolean verified = false;
        try {
            MemorySegment body = CacheFormat.body(disk.map(path(id), arena), range);
            verified = body != null;
            if (body == null) {
                LOG.warn("cache file {} does not match its checksum, dropped", path(id));
                return Optional.empty();
            }
            return Optional.of(new Lease(arena, body));
        } catch (NoSuchFileException e) {
            LOG.debug("cache file {} was evicted: {}", path(id), e.toString());
            return Optional.empty();
        } catch (IOException | InternalError e) { // the latter when a mapped page cannot be read
            failed("read cache file " + path(id), e);
            return Optional.empty();
        } finally {
            if (!verified) {
                arena.close();
            }
        }
    }

    /// Writes a range's file.
    ///
    /// @return its size, or 0 if there is no file now
    int write(String id, BlobRange range, MemorySegment bytes) {
        long rest = restUntil.get();
        if (rest != 0 && System.nanoTime() - rest < 0) {
            return 0;
        }
        int size = CacheFormat.HEADER_BYTES + range.length();
        try {
            if (disk.usableBytes(directory) < minFreeBytes + size) {
                throw new IOException("the disk is nearly full");
            }
            disk.delete(path(id));
            try (DiskFile file = disk.create(path(id), size)) {
                file.write(bytes.asByteBuffer(), CacheFormat.HEADER_BYTES);
                file.write(CacheFormat.header(range, bytes), 0);
            }
            restUntil.set(0);
            return size;
        } catch (IOException e) {
            failed("write cache file " + path(id), e);
            long until = System.nanoTime() + REST_NANOS;
            restUntil.set(until == 0 ? 1 : until);
            delete(id);
            return 0;
        }
    }

    void delete(String id) {
        try {
            disk.delete(path(id));
        } catch (IOException e) {
            failed("delete cache file " + path(id), e);
        }
    }

    private void failed(String what, Throwable cause) {
        if (failures.getAndIncrement() == 0) {
            LOG.warn("cannot {}, the tier is read instead: {}", what, cause.toString());
        } else {
            LOG.debug("cannot {}: {}", what, cause.toString());
        }
    }

    /// Operations that failed so far.
    long failures() {
        return failures.get();
    }

    private Path path(String id) {
        return directory.resolve(id + CacheFormat.SUFFIX);
    }

    private static final class Lease implements ChunkLease {
        private final Arena arena;
        private @Nullable MemorySegment bytes;

        Lease(Arena arena, MemorySegment bytes) {
            this.arena = arena;
            this.bytes = bytes;
        }

        @Override
        public MemorySegment bytes() {
            if (bytes == null) {
                throw new IllegalStateException("lease is closed");
            }
            return bytes;
        }

        @Override
        public void close() {
            if (bytes != null) {
                bytes = null;
                arena.close();
            }
        }
    }
}
