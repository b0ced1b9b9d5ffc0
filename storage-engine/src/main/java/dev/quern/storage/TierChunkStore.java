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
import java.util.ArrayList;
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
final class TierChunkStore extends AppendingChunkStore {
    private static final Logger LOG = LoggerFactory.getLogger(TierChunkStore.class);
    private static final int SYNC_AT_PACKS = 2;
    private static final long REFRESH_NANOS = 1_000_000_000;

    private final TierStoreParts parts;
    private final ReentrantReadWriteLock staged = new ReentrantReadWriteLock();
    private final ReentrantLock refreshLock = new ReentrantLock();

    /// Sealed packs that the tier does not have yet, with their records.
    @GuardedBy("syncLock")
    private final Map<Pack, List<Appended>> unsent = new HashMap<>();

    /// When the tier was last listed, by the nano clock.
    @GuardedBy("refreshLock")
    private long refreshedNanos = System.nanoTime();

    /// @param parts are closed with this
    TierChunkStore(TierStoreParts parts) {
        super(parts.staging(), parts.index(), parts.codec(), parts.clock(), SYNC_AT_PACKS);
        this.parts = parts;
    }

    /// What cannot be put stays in staging for the next sync.
    @Override
    @GuardedBy("syncLock")
    void syncNow() {
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
        durableSequence = batch.through(); // in the tier
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

    @Override
    void requireWritable() {
        requireOpen();
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
