package dev.quern.storage;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkStore.PutChunk;
import java.lang.foreign.MemorySegment;

/// The chunks of one big file on their way into a store, so that it may lay them one after the
/// other in one file of its own ([ChunkStore#locate]). They can be relied on, and seen by others,
/// once [#finish] has returned; they are durable with the next [ChunkStore#sync] after that.
/// Closing a run that is not finished gives it up. Not thread-safe.
public interface ChunkRun extends AutoCloseable {
    /// Puts the next chunk of the file, unless the space or this run has it.
    ///
    /// @param bytes as in [ChunkStore#put]
    /// @throws dev.quern.common.QuernException as [ChunkStore#put]; the run can only be closed then
    PutChunk put(MemorySegment bytes);

    /// Ends the file.
    ///
    /// @throws dev.quern.common.QuernException if a chunk of it could not be written
    void finish();

    @Override
    void close();

    /// A run that puts each chunk by itself.
    @MustBeClosed
    static ChunkRun scattered(ChunkStore store, SpaceId space) {
        return new ChunkRun() {
            @Override
            public PutChunk put(MemorySegment bytes) {
                return store.put(space, bytes);
            }

            @Override
            public void finish() {
                // Each chunk is stored already.
            }

            @Override
            public void close() {
                // Nothing is held.
            }
        };
    }
}
