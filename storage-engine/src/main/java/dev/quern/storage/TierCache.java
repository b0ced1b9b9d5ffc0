package dev.quern.storage;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Policy;
import com.github.benmanes.caffeine.cache.RemovalCause;
import com.google.errorprone.annotations.MustBeClosed;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.QuernException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Copies of ranges of a tier's blobs on a local disk, bounded in bytes. Blobs never change, so a
/// copy is good as long as it matches its checksum, over restarts too.
///
/// - A range that is missing is loaded once, however many ask for it at the time.
/// - What stays is decided by W-TinyLFU: by how often and how recently a range was asked for, so
///   that one pass over everything does not push out what is in use.
/// - Pinned ranges stay until they are unpinned, up to half of the bound.
/// - Each read is checked (CRC32C); a copy that is damaged is dropped and loaded again.
/// - A disk that is full or broken makes reads slower, and never fails them.
///
/// Thread-safe. Leases stay readable after their file is evicted and after [#close].
final class TierCache implements AutoCloseable {
    private static final long RETRY_AFTER_MILLIS = 10_000;

    private final CacheFiles files;
    private final long maxBytes;
    private final Cache<String, Copy> copies;
    private final Policy.Eviction<String, Copy> bound;
    private final ConcurrentMap<String, CompletableFuture<MemorySegment>> loading =
            new ConcurrentHashMap<>();

    @GuardedBy("this")
    private final Map<String, Pin> pins = new HashMap<>();

    @GuardedBy("this")
    private long pinnedBytes;

    private final LongAdder hits = new LongAdder();
    private final LongAdder misses = new LongAdder();
    private final LongAdder evictions = new LongAdder();

    /// A range's file.
    ///
    /// @param sizeBytes of the file; 0 while a pinned range is not loaded
    private record Copy(int sizeBytes, boolean pinned) {
        int weight() {
            return pinned ? 0 : sizeBytes;
        }
    }

    /// How often a range is pinned, and what that takes from the bound.
    private record Pin(int count, int sizeBytes) {}

    private TierCache(CacheFiles files, long maxBytes) {
        this.files = files;
        this.maxBytes = maxBytes;
        this.copies =
                Caffeine.newBuilder()
                        .maximumWeight(maxBytes)
                        .weigher((String _, Copy copy) -> copy.weight())
                        .evictionListener(this::evicted)
                        .executor(Runnable::run)
                        .build();
        this.bound = copies.policy().eviction().orElseThrow();
    }

    /// Opens a directory, making it when absent, with the copies that are there from before.
    ///
    /// @param maxBytes bound on the bytes of the files, 1 MiB or more
    /// @param minFreeBytes free disk below which nothing is kept
    static TierCache open(Disk disk, Path directory, long maxBytes, long minFreeBytes) {
        if (maxBytes < 1 << 20) {
            throw QuernException.invalid("tier cache must be 1 MiB or more, got " + maxBytes);
        }
        CacheFiles files = new CacheFiles(disk, directory, minFreeBytes);
        TierCache cache = new TierCache(files, maxBytes);
        files.open().forEach((id, size) -> cache.copies.put(id, new Copy(size, false)));
        cache.copies.cleanUp();
        return cache;
    }

    private void evicted(@Nullable String id, @Nullable Copy copy, RemovalCause cause) {
        if (id != null) {
            evictions.increment();
            files.delete(id);
        }
    }

    /// Opens a range, from its copy or else from where `load` gets it.
    ///
    /// @param load returns the bytes of the range, verified by whatever they are named by; they are
    ///   not modified later
    /// @throws QuernException what `load` throws; nothing is kept then
    @MustBeClosed
    ChunkLease open(BlobRange range, Function<BlobRange, MemorySegment> load) {
        String id = CacheFormat.id(range);
        Optional<ChunkLease> copy = find(id, range);
        if (copy.isPresent()) {
            hits.increment();
            return copy.get();
        }
        misses.increment();
        return new HeapLease(load(id, range, load));
    }

    /// Keeps a range as its writer has it, so that it need not be loaded.
    ///
    /// @param bytes copied
    void put(BlobRange range, MemorySegment bytes) {
        String id = CacheFormat.id(range);
        Copy copy = copies.getIfPresent(id);
        if (copy == null || copy.sizeBytes == 0) {
            MemorySegment own = MemorySegment.ofArray(bytes.toArray(ValueLayout.JAVA_BYTE));
            load(id, range, _ -> own);
        }
    }

    private Optional<ChunkLease> find(String id, BlobRange range) {
        Copy copy = copies.getIfPresent(id);
        if (copy == null || copy.sizeBytes == 0) {
            return Optional.empty();
        }
        Optional<ChunkLease> lease = files.read(id, range);
        if (lease.isEmpty()) {
            copies.asMap().computeIfPresent(id, (_, damaged) -> dropped(id, damaged));
        }
        return lease;
    }

    private @Nullable Copy dropped(String id, Copy damaged) {
        files.delete(id);
        return damaged.pinned ? new Copy(0, true) : null;
    }

    private MemorySegment load(
            String id, BlobRange range, Function<BlobRange, MemorySegment> load) {
        CompletableFuture<MemorySegment> mine = new CompletableFuture<>();
        CompletableFuture<MemorySegment> others = loading.putIfAbsent(id, mine);
        if (others != null) {
            return join(others);
        }
        try {
            MemorySegment bytes = load.apply(range).asReadOnly();
            if (bytes.byteSize() != range.length()) {
                throw QuernException.internal(
                        range + " was loaded with " + bytes.byteSize() + " bytes", null);
            }
            keep(id, range, bytes);
            mine.complete(bytes);
            return bytes;
        } catch (RuntimeException | Error e) {
            mine.completeExceptionally(e);
            throw e;
        } finally {
            loading.remove(id, mine);
        }
    }

    private static MemorySegment join(CompletableFuture<MemorySegment> others) {
        try {
            return others.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof QuernException cause) {
                throw new QuernException(
                        cause.kind(), String.valueOf(cause.getMessage()), cause.details(), cause);
            }
            throw QuernException.internal("cannot load a range", e);
        }
    }

    /// Only one thread loads a range, and nothing is deleted that has no entry.
    private void keep(String id, BlobRange range, MemorySegment bytes) {
        int size = files.write(id, range, bytes);
        if (size > 0) {
            copies.asMap()
                    .compute(id, (_, before) -> new Copy(size, before != null && before.pinned));
        }
    }

    /// Keeps ranges, once they are loaded, until the pins are closed. They are not loaded by this.
    ///
    /// @throws QuernException `EXHAUSTED` if more than half of the bound would be pinned
    @MustBeClosed
    Pins pin(Collection<BlobRange> ranges) {
        Pins held = new Pins();
        boolean all = false;
        try {
            ranges.forEach(held::add);
            all = true;
            return held;
        } finally {
            if (!all) {
                held.close();
            }
        }
    }

    private synchronized void pin(String id, int length) {
        Pin pin = pins.get(id);
        int size = CacheFormat.HEADER_BYTES + length;
        if (pin == null) {
            if (pinnedBytes + size > maxBytes / 2) {
                throw QuernException.exhausted(
                        "tier cache of "
                                + maxBytes
                                + " bytes has "
                                + pinnedBytes
                                + " pinned, and half of it at most may be",
                        RETRY_AFTER_MILLIS);
            }
            pinned(size);
            copies.asMap()
                    .compute(id, (_, copy) -> new Copy(copy == null ? 0 : copy.sizeBytes, true));
        }
        pins.put(id, new Pin(pin == null ? 1 : pin.count + 1, size));
    }

    private synchronized void unpin(String id) {
        Pin pin = pins.remove(id);
        if (pin != null && pin.count > 1) {
            pins.put(id, new Pin(pin.count - 1, pin.sizeBytes));
        } else if (pin != null) {
            copies.asMap()
                    .computeIfPresent(
                            id,
                            (_, copy) ->
                                    copy.sizeBytes == 0 ? null : new Copy(copy.sizeBytes, false));
            pinned(-pin.sizeBytes);
        }
    }

    /// The policy counts pinned copies as nothing, so its bound shrinks by them instead.
    @GuardedBy("this")
    private void pinned(int bytes) {
        pinnedBytes += bytes;
        bound.setMaximum(maxBytes - pinnedBytes);
    }

    /// Counts, for metrics.
    TierCacheStats stats() {
        long pinned;
        synchronized (this) {
            pinned = pinnedBytes;
        }
        long bytes = copies.asMap().values().stream().mapToLong(Copy::sizeBytes).sum();
        return new TierCacheStats(
                hits.sum(), misses.sum(), bytes, pinned, evictions.sum(), files.failures());
    }

    @Override
    public void close() {
        // The files stay, for the next time; leases have mappings of their own.
    }

    /// Ranges that stay. Thread-safe.
    final class Pins implements AutoCloseable {
        @GuardedBy("this")
        private final List<String> ids = new ArrayList<>();

        private synchronized void add(BlobRange range) {
            String id = CacheFormat.id(range);
            pin(id, range.length());
            ids.add(id);
        }

        @Override
        public synchronized void close() {
            ids.forEach(TierCache.this::unpin);
            ids.clear();
        }
    }
}
