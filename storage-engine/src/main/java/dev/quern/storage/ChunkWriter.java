package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkPlaces.Name;
import dev.quern.storage.ChunkStore.PutChunk;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/// The writing end of a store: hashes, looks, packs and appends; hashing and packing under no lock.
/// Thread-safe.
final class ChunkWriter {
    static final int MAX_PENDING_CHUNKS = 1 << 16;

    private final PackAppender appender;
    private final ChunkPlaces places;
    private final BodyCodec codec;
    private final Runnable requireWritable;

    /// @param requireWritable throws if the store takes nothing any more
    ChunkWriter(
            PackAppender appender, ChunkPlaces places, BodyCodec codec, Runnable requireWritable) {
        this.appender = appender;
        this.places = places;
        this.codec = codec;
        this.requireWritable = requireWritable;
    }

    /// Puts a chunk, as [ChunkStore#put] says.
    PutChunk put(SpaceId space, MemorySegment bytes) {
        ByteBuffer raw = checked(bytes);
        return put(new Name(space, Checksums.sha256(raw)), raw);
    }

    /// Puts a chunk whose name is known.
    PutChunk put(Name name, ByteBuffer raw) {
        if (places.isStored(name)) {
            return new PutChunk(name.id(), false);
        }
        boolean stored =
                appender.append(
                        name.space(),
                        codec.encode(name.space(), name.id(), raw),
                        () -> isStoredOrRefused(name),
                        places::show);
        return new PutChunk(name.id(), stored);
    }

    private boolean isStoredOrRefused(Name name) {
        requireWritable.run();
        if (places.pending() >= MAX_PENDING_CHUNKS) {
            throw QuernException.exhausted(
                    "chunk store holds " + MAX_PENDING_CHUNKS + " chunks that are not indexed",
                    1000);
        }
        return places.isStored(name);
    }

    /// The bytes of a chunk for reading.
    ///
    /// @throws QuernException `INVALID` if there are none or too many
    ByteBuffer checked(MemorySegment bytes) {
        requireWritable.run();
        return Segments.chunk(bytes);
    }

    /// Whether chunks of this space are better laid into a run, judged by the first of them: they
    /// are not to be encrypted, and compressing would not save much.
    boolean suitRun(SpaceId space, Iterable<ByteBuffer> first) {
        return codec.isLaidOut(space, first);
    }

    boolean isStored(Name name) {
        return places.isStored(name);
    }

    /// Takes in a run that is complete.
    void adopt(RunWriter run) {
        appender.adopt(run, requireWritable, places::show);
    }
}
