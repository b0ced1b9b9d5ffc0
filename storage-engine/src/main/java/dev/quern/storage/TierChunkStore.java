package dev.quern.storage;

import com.google.errorprone.annotations.MustBeClosed;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.PackAppender.Appended;
import dev.quern.storage.PackAppender.Batch;
import dev.quern.storage.PackAppender.ChunkBody;
import dev.quern.storage.PackIndex.Entry;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/// The ChunkStore whose packs are in a [Tier] ([TierStoreFormat]), which other members, on other
/// machines, may share. This machine has only what can be lost: chunks that no sync has asked for
/// (`staging/`), an index made from the packs' footers (`index/`) and a cache (`cache/`).
///
/// A put appends to a pack in staging; a sync seals it, puts it into the tier and returns once it
/// is there, for all who wait. So a sync costs a request to the tier, and the packs are as large as
/// what is put between two of them. A chunk that another member has put is found by listing the
/// tier's latest packs, once a second at most.
///
/// Locks, in order: `syncLock` (one sync at a time), the appender's monitor, `staged` (a pack is
/// taken out of staging under its write lock, read under its read lock). Nothing waits for the tier
/// under the last two. Thread-safe.
final class TierChunkStore implements KeyedChunks {
    private static final int MAX_PENDING_CHUNKS = 1 << 16;
    private static final int SYNC_AT_CHUNKS = MAX_PENDING_CHUNKS / 4;
    private static final int SYNC_AT_PACKS = 2;
    private static final long REFRESH_NANOS = 1_000_000_000;

    private record Name(SpaceId space, ChunkId id) {}

    private final TierStoreParts parts;
    private final PackAppender appender;
    private final ConcurrentMap<Name, Appended> pending = new ConcurrentHashMap<>();
    private final ReentrantLock syncLock = new ReentrantLock();
    private final ReentrantReadWriteLock staged = new ReentrantReadWriteLock();
    private final ReentrantLock refreshLock = new ReentrantLock();

    /// Sealed packs that the tier does not have yet, with their records.
    @GuardedBy("syncLock")
    private final Map<Pack, List<Appended>> unsent = new HashMap<>();

    /// When the tier was last listed, by the nano clock.
    @GuardedBy("refreshLock")
    private long refreshedNanos = System.nanoTime();

    /// Everything appended up to this sequence is in the tier.
    private volatile long durableSequence;

    private volatile boolean closed;

    /// @param parts are closed with this
    TierChunkStore(TierStoreParts parts) {
        this.parts = parts;
        this.appender = new PackAppender(parts.staging());
    }

    @Override
    public void bind(SpaceKeys keys) {
        parts.codec().bind(keys);
    }

    /// Nothing is ever removed from a tier: there is nothing to hold off.
    @Override
    @MustBeClosed
    public ChunkPins pin(SpaceId space, Collection<ChunkId> ids) {
        requireOpen();
        return () -> {};
    }

    @Override
    @MustBeClosed
    public ChunkPins pinWrites(SpaceId space) {
        return pin(space, List.of());
    }

    @Override
    public PutChunk put(SpaceId space, MemorySegment bytes) {
        requireOpen();
        ByteBuffer buffer = Segments.chunk(bytes);
        Name name = new Name(space, Checksums.sha256(buffer));
        if (isPresent(name)) {
            return new PutChunk(name.id, false);
        }
        ChunkBody body = parts.codec().encode(space, name.id, buffer);
        boolean stored =
                appender.append(
                        space,
                        body,
                        () -> isPresentOrRefused(name),
                        chunk -> pending.put(name, chunk));
        if (pending.size() >= SYNC_AT_CHUNKS || appender.finishedPacks() >= SYNC_AT_PACKS) {
            sync();
        }
        return new PutChunk(name.id, stored);
    }

    private boolean isPresent(Name name) {
        return pending.containsKey(name)
                || parts.index()
                        .find(name.space, name.id)
                        .filter(entry -> !entry.quarantined())
                        .isPresent();
    }

    private boolean isPresentOrRefused(Name name) {
        requireOpen();
        if (pending.size() >= MAX_PENDING_CHUNKS) {
            throw QuernException.exhausted(
                    "chunk store holds "
                            + MAX_PENDING_CHUNKS
                            + " chunks that are not in "
                            + parts.tier(),
                    1000);
        }
        return isPresent(name);
    }

    @Override
    public void sync() {
        long target = appender.sequence();
        if (durableSequence >= target) {
            return;
        }
        syncLock.lock();
        try {
            if (durableSequence < target) {
                requireOpen();
                syncNow();
            }
        } finally {
            syncLock.unlock();
        }
    }

    /// What cannot be put stays in staging for the next sync.
    @GuardedBy("syncLock")
    private void syncNow() {
        appender.finishActive();
        Batch batch = appender.take();
        for (Appended chunk : batch.chunks()) {
            unsent.computeIfAbsent(chunk.pack(), _ -> new ArrayList<>()).add(chunk);
        }
        try {
            batch.force(); // which writes the footers
            for (Pack pack : List.copyOf(unsent.keySet())) {
                List<Appended> chunks = unsent.getOrDefault(pack, List.of());
                parts.upload().put(pack, chunks.stream().map(Appended::record).toList());
                unstage(pack, chunks);
            }
        } catch (IOException e) {
            throw StorageErrors.of("cannot put packs into " + parts.tier(), e);
        }
        durableSequence = batch.through();
    }

    /// The index names the chunks now.
    @GuardedBy("syncLock")
    private void unstage(Pack pack, List<Appended> chunks) throws IOException {
        unsent.remove(pack);
        staged.writeLock().lock();
        try {
            for (Appended chunk : chunks) {
                pending.remove(new Name(chunk.record().space(), chunk.record().id()), chunk);
            }
            parts.staging().delete(pack.id());
        } finally {
            staged.writeLock().unlock();
        }
    }

    @Override
    public boolean contains(SpaceId space, ChunkId id) {
        requireOpen();
        return pending.containsKey(new Name(space, id)) || find(space, id).isPresent();
    }

    @Override
    public boolean isDurable(SpaceId space, ChunkId id) {
        requireOpen();
        return !pending.containsKey(new Name(space, id)) && find(space, id).isPresent();
    }

    private Optional<Entry> find(SpaceId space, ChunkId id) {
        Optional<Entry> found = parts.index().find(space, id);
        if (found.isPresent()) {
            return found;
        }
        refresh();
        return parts.index().find(space, id);
    }

    /// Looks for packs of other members, unless that has been done in the last second.
    private void refresh() {
        refreshLock.lock();
        try {
            if (System.nanoTime() - refreshedNanos >= REFRESH_NANOS) {
                parts.packs().refresh(TierStoreFormat.before(parts.clock().instant()));
                refreshedNanos = System.nanoTime();
            }
        } finally {
            refreshLock.unlock();
        }
    }

    @Override
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // handed on
    public ChunkLease open(SpaceId space, ChunkId id) {
        requireOpen();
        ChunkLease recent = openStaged(new Name(space, id));
        if (recent != null) {
            return recent;
        }
        Entry entry =
                find(space, id)
                        .orElseThrow(() ->
                                QuernException.notFound(
                                        "chunk " + id + " is not in space " + space));
        try {
            return parts.packs().open(space, id, entry.location(), entry.storedBytes());
        } catch (QuernException e) {
            if (e.kind() == ErrorKind.CORRUPT) {
                parts.index().quarantine(space, id, entry.location(), true);
            }
            throw e;
        }
    }

    @MustBeClosed
    private @Nullable ChunkLease openStaged(Name name) {
        staged.readLock().lock();
        try {
            Appended recent = pending.get(name);
            return recent == null
                    ? null
                    : recent.pack()
                            .open(name.space, name.id, recent.record().offset(), parts.codec());
        } finally {
            staged.readLock().unlock();
        }
    }

    @Override
    public ChunkStats stats() {
        return new ChunkStats(
                parts.index().chunks() + pending.size(),
                parts.packs().storedBytes() + parts.staging().storedBytes(),
                parts.packs().count());
    }

    /// Counts of the local cache.
    TierCacheStats cacheStats() {
        return parts.cache().stats();
    }

    private void requireOpen() {
        if (closed) {
            throw QuernException.internal("chunk store is closed", null);
        }
    }

    /// Puts into the tier what is staged, and closes; open leases stay readable. The tier stays the
    /// caller's.
    @Override
    public void close() {
        syncLock.lock();
        try (parts) {
            if (!closed) {
                closed = true;
                syncNow();
            }
        } finally {
            syncLock.unlock();
        }
    }
}
