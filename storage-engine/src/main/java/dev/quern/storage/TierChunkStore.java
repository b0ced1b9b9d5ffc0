package dev.quern.storage;

import com.google.errorprone.annotations.MustBeClosed;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkPlaces.Name;
import dev.quern.storage.ChunkPlaces.Place;
import dev.quern.storage.CompactionPlanner.PackStat;
import dev.quern.storage.PackAppender.Appended;
import dev.quern.storage.PackAppender.Batch;
import dev.quern.storage.PackIndex.Entry;
import dev.quern.storage.TierPacks.PacksHold;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The ChunkStore whose packs are in a [Tier] ([TierStoreFormat]), which other members, on other
/// machines, may share. This machine has only what can be lost: chunks that no sync has asked for
/// (`staging/`), an index made from the packs' footers (`index/`) and a cache (`cache/`).
///
/// A put appends to a pack in staging; a sync seals it, puts it into the tier and returns once it
/// is there, for all who wait. So a sync costs a request to the tier, and the packs are as large as
/// what is put between two of them, until compaction merges them. A chunk that another member has
/// put is found by listing the tier's latest packs, once a second at most.
///
/// Locks, in order: `syncLock` (one sync at a time), the appender's monitor, `staged` (a pack is
/// taken out of staging under its write lock, read under its read lock). Nothing waits for the tier
/// under the last two. Before all of them: `refreshLock`, and within it that of [TierPacks].
/// Thread-safe.
final class TierChunkStore implements KeyedChunks {
    private static final Logger LOG = LoggerFactory.getLogger(TierChunkStore.class);
    private static final int SYNC_AT_CHUNKS = ChunkWriter.MAX_PENDING_CHUNKS / 4;
    private static final int SYNC_AT_PACKS = 2;
    private static final long REFRESH_NANOS = 1_000_000_000;

    private final TierStoreParts parts;
    private final ChunkPlaces places;
    private final PackAppender appender;
    private final ChunkWriter writer;
    private final ChunkRetention retention;
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
        this.places = new ChunkPlaces(parts.index());
        this.appender = new PackAppender(parts.staging());
        this.writer = new ChunkWriter(appender, places, parts.codec(), this::requireOpen);
        this.retention = new ChunkRetention(parts.clock());
    }

    @Override
    public void bind(SpaceKeys keys) {
        parts.codec().bind(keys);
    }

    @Override
    @MustBeClosed
    public ChunkPins pin(SpaceId space, Collection<ChunkId> ids) {
        requireOpen();
        return retention.pin(parts.index(), space, ids);
    }

    @Override
    @MustBeClosed
    public ChunkPins pinWrites(SpaceId space) {
        requireOpen();
        return retention.pinWrites(space);
    }

    @Override
    public PutChunk put(SpaceId space, MemorySegment bytes) {
        PutChunk put = writer.put(space, bytes);
        if (places.pending() >= SYNC_AT_CHUNKS || appender.finishedPacks() >= SYNC_AT_PACKS) {
            sync();
        }
        return put;
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
            batch.finished().forEach(parts.staging()::finished);
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
            places.indexed(chunks);
            parts.staging().delete(pack.id());
        } finally {
            staged.writeLock().unlock();
        }
    }

    @Override
    public boolean contains(SpaceId space, ChunkId id) {
        requireOpen();
        Name name = new Name(space, id);
        if (places.contains(name)) {
            return true;
        }
        refresh();
        return places.contains(name);
    }

    @Override
    public boolean isDurable(SpaceId space, ChunkId id) {
        requireOpen();
        Name name = new Name(space, id);
        if (places.isDurable(name, durableSequence)) {
            return true;
        }
        refresh();
        return places.isDurable(name, durableSequence);
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
        Name name = new Name(space, id);
        ChunkLease lease = openAny(name);
        if (lease == null) {
            refresh();
            lease = openAny(name);
        }
        if (lease == null) {
            throw QuernException.notFound("chunk " + id + " is not in space " + space);
        }
        return lease;
    }

    /// Opens a chunk if it is known.
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // handed on
    private @Nullable ChunkLease openAny(Name name) {
        ChunkLease recent = openStaged(name);
        if (recent != null) {
            return recent;
        }
        Entry entry = parts.index().find(name.space(), name.id()).orElse(null);
        return entry == null ? null : openIndexed(name, entry);
    }

    /// Who has looked up a pack that is deleted before he reads it looks again.
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // handed on
    private ChunkLease openIndexed(Name name, Entry entry) {
        try {
            return read(name, entry);
        } catch (QuernException e) {
            if (e.kind() != ErrorKind.NOT_FOUND) {
                throw e;
            }
            LOG.debug("{}: {}", name, e.getMessage());
        }
        Optional<Entry> now = parts.index().find(name.space(), name.id());
        if (now.isEmpty() || now.get().location().equals(entry.location())) {
            parts.packs().look();
            now = parts.index().find(name.space(), name.id());
        }
        return read(
                name,
                now.orElseThrow(() ->
                        QuernException.corrupt(
                                "pack "
                                        + TierStoreFormat.pack(entry.location().packId())
                                        + " in "
                                        + parts.tier()
                                        + ", which had "
                                        + name
                                        + ", is missing")));
    }

    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // handed on
    private ChunkLease read(Name name, Entry entry) {
        try {
            return parts.reader()
                    .open(name.space(), name.id(), entry.location(), entry.storedBytes());
        } catch (QuernException e) {
            if (e.kind() == ErrorKind.CORRUPT) {
                quarantine(name.space(), entry, e);
            }
            throw e;
        }
    }

    @MustBeClosed
    private @Nullable ChunkLease openStaged(Name name) {
        staged.readLock().lock();
        try {
            Appended recent = places.pending(name);
            return recent == null
                    ? null
                    : recent.pack()
                            .open(name.space(), name.id(), recent.record().offset(), parts.codec());
        } finally {
            staged.readLock().unlock();
        }
    }

    /// Whether it has a chunk, as far as is known here; unlike [#contains] nobody relies on it.
    boolean has(SpaceId space, ChunkId id) {
        return places.find(new Name(space, id)).isPresent();
    }

    /// Notes that a chunk is damaged, if it is still where the index had it.
    ///
    /// @param error gets the reason added when that cannot be noted
    void quarantine(SpaceId space, Entry entry, QuernException error) {
        Place at = new Place(entry.location(), entry.storedBytes());
        places.quarantine(new Name(space, entry.id()), at, error);
    }

    @Override
    public ChunkStats stats() {
        return new ChunkStats(
                places.chunks(),
                parts.packs().storedBytes() + parts.staging().storedBytes(),
                parts.packs().count());
    }

    @Override
    public long liveBytes() {
        return parts.packs().stats().stream().mapToLong(PackStat::liveBytes).sum()
                + parts.staging().storedBytes();
    }

    @Override
    public long damaged() {
        return places.damaged();
    }

    @Override
    public long quarantined() {
        return places.quarantined();
    }

    @Override
    public PackIndex index() {
        return parts.index();
    }

    @Override
    public ChunkRetention retention() {
        return retention;
    }

    /// Holds all packs that the tier has: they stay there until the hold is closed.
    @MustBeClosed
    PacksHold hold() {
        return parts.packs().hold();
    }

    /// What it works with; stays open as long as this.
    TierStoreParts parts() {
        return parts;
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
