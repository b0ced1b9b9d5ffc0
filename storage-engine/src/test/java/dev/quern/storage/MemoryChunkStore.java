package dev.quern.storage;

import com.google.errorprone.annotations.MustBeClosed;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/// A ChunkStore in memory, for tests: as strict as the real one about sizes, spaces and the order
/// of put, sync and commit, and with knobs for the failures that callers must survive.
public final class MemoryChunkStore implements ChunkStore {
    private record Name(SpaceId space, ChunkId id) {}

    @GuardedBy("this")
    private final Map<Name, byte[]> chunks = new HashMap<>();

    @GuardedBy("this")
    private final Set<Name> unsynced = new HashSet<>();

    @GuardedBy("this")
    private final Set<Name> corrupted = new HashSet<>();

    @GuardedBy("this")
    private long storedBytes;

    @GuardedBy("this")
    private long capacityBytes = Long.MAX_VALUE;

    @GuardedBy("this")
    private int openLeases;

    @GuardedBy("this")
    private boolean closed;

    @Override
    public PutChunk put(SpaceId space, MemorySegment bytes) {
        if (bytes.byteSize() < 1 || bytes.byteSize() > MAX_CHUNK_BYTES) {
            throw QuernException.invalid(
                    "chunk must be 1 to " + MAX_CHUNK_BYTES + " bytes, got " + bytes.byteSize());
        }
        byte[] copy = bytes.toArray(ValueLayout.JAVA_BYTE);
        Name name = new Name(space, idOf(copy));
        synchronized (this) {
            requireOpen();
            if (chunks.containsKey(name)) {
                return new PutChunk(name.id, false);
            }
            if (storedBytes + copy.length > capacityBytes) {
                throw QuernException.exhausted("no space left for a chunk of " + copy.length, 1000);
            }
            chunks.put(name, copy);
            unsynced.add(name);
            storedBytes += copy.length;
            return new PutChunk(name.id, true);
        }
    }

    @Override
    public synchronized void sync() {
        requireOpen();
        unsynced.clear();
    }

    @Override
    public synchronized boolean contains(SpaceId space, ChunkId id) {
        requireOpen();
        return chunks.containsKey(new Name(space, id));
    }

    @Override
    public synchronized boolean isDurable(SpaceId space, ChunkId id) {
        Name name = new Name(space, id);
        return contains(space, id) && !unsynced.contains(name);
    }

    @Override
    @MustBeClosed
    public synchronized ChunkLease open(SpaceId space, ChunkId id) {
        requireOpen();
        Name name = new Name(space, id);
        byte[] bytes = chunks.get(name);
        if (bytes == null) {
            throw QuernException.notFound("chunk " + id + " is not in space " + space);
        }
        if (corrupted.contains(name)) {
            throw QuernException.corrupt("chunk " + id + " does not match its checksum");
        }
        openLeases++;
        return new Lease(MemorySegment.ofArray(bytes).asReadOnly());
    }

    /// Nothing is ever removed here.
    @Override
    @MustBeClosed
    public ChunkPins pin(SpaceId space, Collection<ChunkId> ids) {
        return () -> {};
    }

    @Override
    @MustBeClosed
    public ChunkPins pinWrites(SpaceId space) {
        return () -> {};
    }

    @Override
    public synchronized ChunkStats stats() {
        return new ChunkStats(chunks.size(), storedBytes, 0);
    }

    @Override
    public synchronized void close() {
        closed = true;
    }

    /// Leases not closed yet, for leak checks.
    public synchronized int openLeases() {
        return openLeases;
    }

    /// Bytes after which a put is `EXHAUSTED`; unlimited at first.
    public synchronized void limitCapacity(long bytes) {
        capacityBytes = bytes;
    }

    /// Loses every chunk that no sync has made durable, as a power cut would.
    public synchronized void dropUnsynced() {
        for (Name name : unsynced) {
            byte[] bytes = chunks.remove(name);
            storedBytes -= bytes == null ? 0 : bytes.length;
        }
        unsynced.clear();
    }

    /// Makes every later open of this chunk `CORRUPT`.
    public synchronized void corrupt(SpaceId space, ChunkId id) {
        corrupted.add(new Name(space, id));
    }

    /// The name that these bytes get.
    public static ChunkId idOf(byte[] bytes) {
        try {
            return ChunkId.of(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    @GuardedBy("this")
    private void requireOpen() {
        if (closed) {
            throw QuernException.internal("chunk store is closed", null);
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
                synchronized (MemoryChunkStore.this) {
                    openLeases--;
                }
            }
        }
    }
}
