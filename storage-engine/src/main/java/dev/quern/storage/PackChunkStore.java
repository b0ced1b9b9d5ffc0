package dev.quern.storage;

import com.google.errorprone.annotations.MustBeClosed;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkPlaces.Name;
import dev.quern.storage.PackAppender.Batch;
import dev.quern.storage.PackIndex.PackState;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.rocksdb.Cache;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The ChunkStore on this machine: chunks in append-only packs ([PackFormat], [RunFormat]), found
/// through an index ([PackIndex]) that may lag behind.
///
/// A chunk is *pending* from its append until a sync has forced its pack and indexed it. The index
/// never runs ahead of what is durable, so that after a crash only what lies beyond the indexed
/// part of a pack has to be read again. Packs of earlier runs are never appended to.
///
/// Locks, in the order in which they are taken: `syncLock` (one force at a time, shared by all who
/// wait for it), the appender's monitor (one append at a time), a [Pack]'s monitor, the index.
/// Hashing, compressing and encrypting happen under none of them.
final class PackChunkStore extends AppendingChunkStore {
    private static final Logger LOG = LoggerFactory.getLogger(PackChunkStore.class);
    private static final int SYNC_AT_PACKS = 4;

    private final PackDirectory packs;
    private final PackIndex index;
    private final BodyCodec codec;
    private final ChunkReader reader;
    private final RunThreads threads = new RunThreads();

    @GuardedBy("syncLock")
    private final PackIndexer indexer;

    /// Why nothing can be written any more.
    private volatile @Nullable QuernException failure;

    private PackChunkStore(
            PackDirectory packs, PackIndex index, BodyCodec codec, InstantSource clock) {
        super(packs, index, codec, clock, SYNC_AT_PACKS);
        this.packs = packs;
        this.index = index;
        this.codec = codec;
        this.reader = new ChunkReader(packs, places, codec);
        this.indexer = new PackIndexer(index);
    }

    /// What is injected.
    ///
    /// @param random gives each pack its salt and each encrypted chunk its nonce
    /// @param clock condemns garbage by it
    record Sources(RandomGenerator random, InstantSource clock) {}

    /// Opens `packs/` and `index/` in a directory, making them when absent.
    ///
    /// @param cache stays the caller's
    static PackChunkStore open(
            Disk disk, Path directory, StorageConfig config, Sources sources, Cache cache) {
        PackDirectory packs =
                new PackDirectory(disk, directory.resolve("packs"), sources.random, config);
        PackIndex index = null;
        boolean opened = false;
        try {
            index = PackIndex.open(disk, directory.resolve("index"), cache);
            packs.open(index);
            BodyCodec codec =
                    new BodyCodec(config.compression(), sources.random, SpaceKeys.UNBOUND);
            PackChunkStore store = new PackChunkStore(packs, index, codec, sources.clock);
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
    @MustBeClosed
    public ChunkRun beginRun(SpaceId space) {
        requireWritable();
        return new PackRun(space, writer, packs, threads, this::syncWhenMuchWaits);
    }

    @Override
    @GuardedBy("syncLock")
    void syncNow() {
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
        batch.finished().forEach(packs::finished);
        places.indexed(indexer.add(batch));
    }

    /// Ends the pack that is appended to, makes everything durable and holds all packs that are
    /// complete: their files do not change, and stay until the hold is closed, even if compaction
    /// has no more need of them.
    ///
    /// @throws QuernException `UNAVAILABLE` if the index cannot be written at present
    @MustBeClosed
    PackHold seal() {
        syncLock.lock();
        try {
            requireWritable();
            appender.finishActive();
            syncNow();
            if (!indexer.isUpToDate()) {
                throw new QuernException(
                        ErrorKind.UNAVAILABLE, "chunk index in " + packs.path() + " lags");
            }
            return hold();
        } finally {
            syncLock.unlock();
        }
    }

    /// Holds all packs that are complete now.
    @MustBeClosed
    PackHold hold() {
        return PackHold.of(packs.all(), index.packs());
    }

    @Override
    public boolean contains(SpaceId space, ChunkId id) {
        requireOpen();
        return places.contains(new Name(space, id));
    }

    @Override
    public boolean isDurable(SpaceId space, ChunkId id) {
        requireOpen();
        return places.isDurable(new Name(space, id), durableSequence);
    }

    @Override
    @MustBeClosed
    public ChunkLease open(SpaceId space, ChunkId id) {
        requireOpen();
        return reader.open(new Name(space, id));
    }

    @Override
    public int read(SpaceId space, ChunkId id, MemorySegment target) {
        requireOpen();
        return (int)
                reader.read(new Name(space, id), length -> Segments.room(target, length, id))
                        .byteSize();
    }

    @Override
    public byte[] read(SpaceId space, ChunkId id) {
        requireOpen();
        return Segments.array(
                reader.read(
                        new Name(space, id), length -> MemorySegment.ofArray(new byte[length])));
    }

    @Override
    public Optional<ExtentLease> locate(SpaceId space, List<ChunkId> chunks) {
        requireOpen();
        return reader.locate(space, chunks);
    }

    @Override
    public ChunkStats stats() {
        return new ChunkStats(places.chunks(), packs.storedBytes(), packs.count());
    }

    @Override
    public long liveBytes() {
        long live = 0;
        for (Map.Entry<Long, PackState> known : index.packs().entrySet()) {
            Pack pack = packs.find(known.getKey());
            live += pack == null ? 0 : StorageStats.liveBytes(pack.kind(), known.getValue());
        }
        return live;
    }

    /// Ends the pack that is appended to, so that it can be compacted.
    ///
    /// @throws QuernException `UNAVAILABLE` if the store takes no more writes
    void roll() {
        syncLock.lock();
        try {
            requireWritable();
            appender.finishActive();
            syncNow();
        } finally {
            syncLock.unlock();
        }
    }

    /// What turns bodies into chunks.
    BodyCodec codec() {
        return codec;
    }

    /// Notes that a chunk has the bytes of another one.
    QuernException quarantine(SpaceId space, ChunkId id, ChunkId actual) {
        return places.quarantine(new Name(space, id), actual);
    }

    PackDirectory packs() {
        return packs;
    }

    @Override
    void requireWritable() {
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

    /// Makes everything durable and closes the files; open leases stay readable.
    @Override
    public void close() {
        syncLock.lock();
        try (index;
                packs;
                codec;
                threads) {
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
