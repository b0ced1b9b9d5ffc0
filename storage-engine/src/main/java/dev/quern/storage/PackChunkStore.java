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
import dev.quern.storage.PackIndex.Location;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.rocksdb.Cache;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The ChunkStore on this machine: chunks in append-only packs ([PackFormat]), found through an
/// index ([PackIndex]) that may lag behind.
///
/// A chunk is *pending* from its append until a sync has forced its pack and indexed it. The index
/// never runs ahead of what is durable, so that after a crash only what lies beyond the indexed
/// part of a pack has to be read again. Packs of earlier runs are never appended to.
///
/// Locks, in the order in which they are taken: `syncLock` (one force at a time, shared by all who
/// wait for it), the appender's monitor (one append at a time), a [Pack]'s monitor, the index.
/// Hashing happens under none of them.
final class PackChunkStore implements ChunkStore {
    private static final Logger LOG = LoggerFactory.getLogger(PackChunkStore.class);
    private static final int MAX_PENDING_CHUNKS = 1 << 16;
    private static final int SYNC_AT_CHUNKS = MAX_PENDING_CHUNKS / 4;
    private static final int SYNC_AT_PACKS = 4;

    private record Name(SpaceId space, ChunkId id) {}

    private final PackDirectory packs;
    private final PackIndex index;
    private final BodyCodec codec;
    private final PackAppender appender;
    private final ConcurrentMap<Name, Appended> pending = new ConcurrentHashMap<>();

    /// Chunks that were found corrupt before they were indexed: the next put of the same bytes
    /// stores them again. Of those that are indexed the index knows it.
    private final Set<Name> quarantined = ConcurrentHashMap.newKeySet();

    private final ReentrantLock syncLock = new ReentrantLock();

    @GuardedBy("syncLock")
    private final PackIndexer indexer;

    /// Everything appended up to this sequence is on the disk.
    private volatile long durableSequence;

    /// Why nothing can be written any more.
    private volatile @Nullable QuernException failure;

    private volatile boolean closed;

    private PackChunkStore(PackDirectory packs, PackIndex index, BodyCodec codec) {
        this.packs = packs;
        this.index = index;
        this.codec = codec;
        this.appender = new PackAppender(packs);
        this.indexer = new PackIndexer(index);
    }

    /// Opens `packs/` and `index/` in a directory, making them when absent.
    ///
    /// @param random gives each pack its salt
    /// @param cache stays the caller's
    static PackChunkStore open(
            Disk disk, Path directory, StorageConfig config, RandomGenerator random, Cache cache) {
        PackDirectory packs = new PackDirectory(disk, directory.resolve("packs"), random, config);
        PackIndex index = null;
        boolean opened = false;
        try {
            index = PackIndex.open(disk, directory.resolve("index"), cache);
            packs.open(index);
            BodyCodec codec = new BodyCodec(config.compression(), random, SpaceKeys.NONE);
            PackChunkStore store = new PackChunkStore(packs, index, codec);
            opened = true;
            return store;
        } catch (IOException e) {
            throw StorageErrors.of("cannot open chunk store " + directory, e);
        } finally {
            if (!opened && index != null) {
                index.close();
            }
        }
    }

    @Override
    public PutChunk put(SpaceId space, MemorySegment bytes) {
        requireWritable();
        if (bytes.byteSize() < 1 || bytes.byteSize() > MAX_CHUNK_BYTES) {
            throw QuernException.invalid(
                    "chunk must be 1 to " + MAX_CHUNK_BYTES + " bytes, got " + bytes.byteSize());
        }
        ByteBuffer buffer = buffer(bytes);
        Name name = new Name(space, Checksums.sha256(buffer));
        if (isPresent(name)) {
            return new PutChunk(name.id, false);
        }
        ChunkBody body = codec.encode(space, name.id, buffer);
        boolean stored =
                appender.append(
                        space, body, () -> isPresentOrRefused(name), chunk -> show(name, chunk));
        if (pending.size() >= SYNC_AT_CHUNKS || appender.finishedPacks() >= SYNC_AT_PACKS) {
            sync();
        }
        return new PutChunk(name.id, stored);
    }

    private static ByteBuffer buffer(MemorySegment bytes) {
        try {
            return bytes.asByteBuffer();
        } catch (UnsupportedOperationException e) {
            // Arrays of other types than byte have no such view.
            return ByteBuffer.wrap(bytes.toArray(ValueLayout.JAVA_BYTE));
        }
    }

    private boolean isPresent(Name name) {
        return pending.containsKey(name)
                ? !quarantined.contains(name)
                : index.rescue(name.space, name.id).filter(e -> !e.quarantined()).isPresent();
    }

    private boolean isPresentOrRefused(Name name) {
        if (closed) {
            throw closedError();
        }
        if (pending.size() >= MAX_PENDING_CHUNKS) {
            throw QuernException.exhausted(
                    "chunk store holds " + MAX_PENDING_CHUNKS + " chunks that are not indexed",
                    1000);
        }
        return isPresent(name);
    }

    private void show(Name name, Appended chunk) {
        pending.put(name, chunk);
        quarantined.remove(name);
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
                requireWritable();
                syncNow();
            }
        } finally {
            syncLock.unlock();
        }
    }

    @GuardedBy("syncLock")
    private void syncNow() {
        Batch batch = appender.take();
        try {
            batch.force();
            packs.sync();
        } catch (IOException e) {
            // The kernel may have dropped what it could not write, and says so only once: no later
            // force can be believed. A new open writes again what it finds.
            QuernException error = StorageErrors.of("cannot force packs in " + packs.path(), e);
            failure = error;
            LOG.error("chunk store takes no more writes until it is opened again", error);
            throw error;
        }
        durableSequence = batch.through();
        indexer.add(batch).forEach(this::forget);
    }

    private void forget(Appended chunk) {
        PackRecord record = chunk.record();
        Name name = new Name(record.space(), record.id());
        if (pending.remove(name, chunk) && quarantined.remove(name)) {
            Location location = new Location(chunk.pack().id(), record.offset());
            index.quarantine(name.space, name.id, location, true);
        }
    }

    @Override
    public boolean contains(SpaceId space, ChunkId id) {
        requireOpen();
        Name name = new Name(space, id);
        return pending.containsKey(name) || index.rescue(space, id).isPresent();
    }

    @Override
    public boolean isDurable(SpaceId space, ChunkId id) {
        requireOpen();
        Appended chunk = pending.get(new Name(space, id));
        return chunk == null
                ? index.rescue(space, id).isPresent()
                : chunk.sequence() <= durableSequence;
    }

    @Override
    @MustBeClosed
    public ChunkLease open(SpaceId space, ChunkId id) {
        requireOpen();
        Name name = new Name(space, id);
        Appended recent = pending.get(name);
        if (recent == null) {
            return openIndexed(name);
        }
        try {
            return recent.pack().open(space, id, recent.record().offset(), codec);
        } catch (QuernException e) {
            if (isCorrupt(name, e) && recent.equals(pending.get(name))) {
                quarantined.add(name);
            }
            throw e;
        }
    }

    @MustBeClosed
    private ChunkLease openIndexed(Name name) {
        Location at =
                index.find(name.space, name.id)
                        .map(Entry::location)
                        .orElseThrow(() ->
                                QuernException.notFound(
                                        "chunk " + name.id + " is not in space " + name.space));
        try {
            return packs.pack(at.packId()).open(name.space, name.id, at.offset(), codec);
        } catch (QuernException e) {
            if (isCorrupt(name, e)) {
                quarantine(name, at, e);
            }
            throw e;
        }
    }

    private void quarantine(Name name, Location at, QuernException error) {
        try {
            index.quarantine(name.space, name.id, at, true);
        } catch (QuernException e) {
            error.addSuppressed(e); // the next read finds out again
        }
    }

    private static boolean isCorrupt(Name name, QuernException error) {
        if (error.kind() != ErrorKind.CORRUPT) {
            return false;
        }
        LOG.error(
                "chunk {} of space {} cannot be read: {}", name.id, name.space, error.getMessage());
        return true;
    }

    @Override
    public ChunkStats stats() {
        return new ChunkStats(index.chunks() + pending.size(), packs.storedBytes(), packs.count());
    }

    private void requireOpen() {
        if (closed) {
            throw closedError();
        }
    }

    private void requireWritable() {
        requireOpen();
        QuernException cause = failure;
        if (cause != null) {
            throw new QuernException(
                    ErrorKind.UNAVAILABLE,
                    "chunk store takes no more writes until it is opened again: "
                            + cause.getMessage(),
                    cause);
        }
    }

    private static QuernException closedError() {
        return QuernException.internal("chunk store is closed", null);
    }

    /// Makes everything durable and closes the files; open leases stay readable.
    @Override
    public void close() {
        syncLock.lock();
        try (index;
                packs;
                codec) {
            if (closed) {
                return;
            }
            closed = true;
            appender.finishActive();
            if (failure == null) {
                syncNow();
            }
            appender.take().closeFinished();
        } finally {
            syncLock.unlock();
        }
    }
}
