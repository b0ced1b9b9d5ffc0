package dev.quern.storage;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.SpaceId;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/// Durable, immutable, content-addressed bytes. A chunk belongs to one space: the same bytes in
/// another space are another chunk, and an id never resolves across spaces.
///
/// Writing takes two steps, so that one fsync serves many chunks and many writers: [#put] appends,
/// [#sync] makes everything whose `put` returned before it durable. A chunk may be named by a
/// [MetaLog] command only after a `sync`. Thread-safe. The owner of the store closes it.
public interface ChunkStore extends AutoCloseable {
    /// The largest chunk.
    int MAX_CHUNK_BYTES = 16 << 20;

    /// Appends a chunk unless the space has it; not durable before the next [#sync].
    ///
    /// @param bytes 1 to [#MAX_CHUNK_BYTES] bytes, not modified during the call
    /// @throws dev.quern.common.QuernException `INVALID` for another size, `EXHAUSTED` when the
    ///   disk is full (nothing is lost and the store stays usable)
    PutChunk put(SpaceId space, MemorySegment bytes);

    /// Begins to put the chunks of one big file, so that they may come to lie one after the other.
    /// A file that turns out small is stored as if by [#put]. The caller bounds how many are open:
    /// each holds at most 1 MiB and one chunk, and a file handle; all together 64 MiB more.
    @MustBeClosed
    default ChunkRun beginRun(SpaceId space) {
        return ChunkRun.scattered(this, space);
    }

    /// Where these chunks lie one after the other, as they are, in one file, if they do: as they
    /// were put in one run and nothing of them was there before. Their checksums are not verified.
    /// The caller closes the lease.
    default Optional<ExtentLease> locate(SpaceId space, List<ChunkId> chunks) {
        return Optional.empty();
    }

    /// Returns when every chunk whose `put` returned before this call is durable.
    void sync();

    /// Whether the space has the chunk.
    boolean contains(SpaceId space, ChunkId id);

    /// Whether the space has the chunk and a [#sync] has made it durable, so that a fact may name
    /// it.
    boolean isDurable(SpaceId space, ChunkId id);

    /// Opens a chunk for reading, its checksum verified.
    ///
    /// @throws dev.quern.common.QuernException `NOT_FOUND` if the space has no such chunk;
    ///   `CORRUPT`, naming the pack and the offset, if its bytes do not match
    @MustBeClosed
    ChunkLease open(SpaceId space, ChunkId id);

    /// Keeps chunks from being removed as garbage until the pins are closed, whether they are there
    /// or not.
    @MustBeClosed
    ChunkPins pin(SpaceId space, Collection<ChunkId> ids);

    /// Keeps every chunk of a space that is put or looked up from now on from being removed as
    /// garbage until the pins are closed: held by whoever puts chunks that no fact names yet, until
    /// one does.
    @MustBeClosed
    ChunkPins pinWrites(SpaceId space);

    /// Counts, for metrics.
    ChunkStats stats();

    @Override
    void close();

    /// Copies a chunk's bytes to the beginning of a target, their checksum verified: faster than
    /// opening it and copying then. When it fails, the target holds anything.
    ///
    /// @param target writable, of any kind, at least as long as the chunk
    /// @return how long the chunk is
    /// @throws dev.quern.common.QuernException as [#open]; `INVALID` if the target is too short
    default int read(SpaceId space, ChunkId id, MemorySegment target) {
        try (ChunkLease lease = open(space, id)) {
            int length = (int) lease.bytes().byteSize();
            Segments.room(target, length, id).copyFrom(lease.bytes());
            return length;
        }
    }

    /// A copy of a chunk's bytes, for small ones.
    default byte[] read(SpaceId space, ChunkId id) {
        try (ChunkLease lease = open(space, id)) {
            return lease.bytes().toArray(ValueLayout.JAVA_BYTE);
        }
    }

    /// The outcome of a put.
    ///
    /// @param id the chunk's name
    /// @param stored false when the space had it already
    record PutChunk(ChunkId id, boolean stored) {}

    /// A part of a file.
    ///
    /// @param file not to be written
    /// @param offset where the part begins
    /// @param lengthBytes how long it is
    record Extent(Path file, long offset, long lengthBytes) {}

    /// Counts of a store.
    ///
    /// @param chunks chunks indexed
    /// @param storedBytes bytes of packs on disk
    /// @param packs pack files
    record ChunkStats(long chunks, long storedBytes, int packs) {}
}
