package dev.quern.function;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkId;
import dev.quern.storage.ChunkPins;
import dev.quern.storage.ChunkStore;
import dev.quern.storage.Txn;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Bytes that a fact names: inside it when they are few, else as a chunk. Thread-safe.
final class Blobs {
    static final int MAX_INLINE_BYTES = 4 << 10;

    private final ChunkStore chunks;

    Blobs(ChunkStore chunks) {
        this.chunks = chunks;
    }

    /// Where bytes are; at most one of the fields is set, none for no bytes.
    ///
    /// @param inline the bytes themselves
    /// @param chunk id of the chunk
    record Blob(byte @Nullable [] inline, @Nullable String chunk) {
        /// Checks the chunk's id.
        Blob {
            if (chunk != null && inline != null) {
                throw QuernException.invalid("a blob must be inline or a chunk, got both");
            }
            Optional.ofNullable(chunk).ifPresent(ChunkId::new);
        }
    }

    /// Puts bytes, and makes the transaction require their chunk; [#sync] comes before its commit.
    Blob put(SpaceId space, byte[] bytes, Txn.Builder txn) {
        if (bytes.length <= MAX_INLINE_BYTES) {
            return new Blob(bytes, null);
        }
        ChunkId id = chunks.put(space, MemorySegment.ofArray(bytes)).id();
        txn.require(id);
        return new Blob(null, id.hex());
    }

    /// Keeps what is put from now on until a fact names it.
    @MustBeClosed
    ChunkPins pinWrites(SpaceId space) {
        return chunks.pinWrites(space);
    }

    /// Makes the chunks of these blobs durable.
    void sync(Blob... blobs) {
        for (Blob blob : blobs) {
            if (blob.chunk != null) {
                chunks.sync();
                return;
            }
        }
    }

    byte[] read(SpaceId space, Blob blob) {
        if (blob.chunk != null) {
            return chunks.read(space, new ChunkId(blob.chunk));
        }
        return blob.inline == null ? new byte[0] : blob.inline;
    }
}
