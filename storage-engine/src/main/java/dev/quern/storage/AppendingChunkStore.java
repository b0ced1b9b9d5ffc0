package dev.quern.storage;

import com.google.errorprone.annotations.MustBeClosed;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkPlaces.Name;
import java.lang.foreign.MemorySegment;
import java.time.InstantSource;
import java.util.Collection;
import java.util.concurrent.locks.ReentrantLock;

/// What the stores that append chunks to packs have in common: how chunks are put and synced. A
/// chunk is pending from its append until a sync has made it durable and indexed it; one sync runs
/// at a time, for all who wait for it. Thread-safe.
abstract sealed class AppendingChunkStore implements KeyedChunks
        permits PackChunkStore, TierChunkStore {
    private static final int SYNC_AT_CHUNKS = ChunkWriter.MAX_PENDING_CHUNKS / 4;

    final ChunkPlaces places;
    final PackAppender appender;
    final ChunkWriter writer;
    final ReentrantLock syncLock = new ReentrantLock();
    private final PackIndex index;
    private final BodyCodec codec;
    private final ChunkRetention retention;
    private final int syncAtPacks;

    /// Everything appended up to this sequence is durable.
    volatile long durableSequence;

    volatile boolean closed;

    /// @param directory where packs are written
    /// @param clock condemns garbage by it
    /// @param syncAtPacks how many finished packs wait at most for somebody to ask for a sync
    AppendingChunkStore(
            PackDirectory directory,
            PackIndex index,
            BodyCodec codec,
            InstantSource clock,
            int syncAtPacks) {
        this.index = index;
        this.codec = codec;
        this.syncAtPacks = syncAtPacks;
        this.places = new ChunkPlaces(index);
        this.retention = new ChunkRetention(clock);
        this.appender = new PackAppender(directory);
        this.writer = new ChunkWriter(appender, places, codec, this::requireWritable);
    }

    @Override
    public final void bind(SpaceKeys keys) {
        codec.bind(keys);
    }

    @Override
    public final PutChunk put(SpaceId space, MemorySegment bytes) {
        PutChunk put = writer.put(space, bytes);
        syncWhenMuchWaits();
        return put;
    }

    final void syncWhenMuchWaits() {
        if (places.pending() >= SYNC_AT_CHUNKS || appender.finishedPacks() >= syncAtPacks) {
            sync();
        }
    }

    @Override
    public final void sync() {
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

    /// Makes durable what was appended so far.
    @GuardedBy("syncLock")
    abstract void syncNow();

    @Override
    @MustBeClosed
    public final ChunkPins pin(SpaceId space, Collection<ChunkId> ids) {
        requireOpen();
        return retention.pin(index, space, ids);
    }

    @Override
    @MustBeClosed
    public final ChunkPins pinWrites(SpaceId space) {
        requireOpen();
        return retention.pinWrites(space);
    }

    /// Whether it has a chunk, as far as is known here; unlike [#contains] nobody relies on it.
    final boolean has(SpaceId space, ChunkId id) {
        return places.find(new Name(space, id)).isPresent();
    }

    @Override
    public final PackIndex index() {
        return index;
    }

    @Override
    public final ChunkRetention retention() {
        return retention;
    }

    @Override
    public final long damaged() {
        return places.damaged();
    }

    @Override
    public final long quarantined() {
        return places.quarantined();
    }

    final void requireOpen() {
        if (closed) {
            throw QuernException.internal("chunk store is closed", null);
        }
    }

    /// Throws if the store takes nothing any more.
    abstract void requireWritable();
}
