package dev.quern.storage;

import dev.quern.common.QuernException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;

/// Segments as the buffers that channels and digests take.
final class Segments {
    private Segments() {}

    /// The bytes of a segment shorter than 2 GiB, for reading.
    static ByteBuffer buffer(MemorySegment bytes) {
        try {
            return bytes.asByteBuffer();
        } catch (UnsupportedOperationException e) {
            // Arrays of other types than byte have no such view.
            return ByteBuffer.wrap(bytes.toArray(ValueLayout.JAVA_BYTE));
        }
    }

    /// The bytes of a chunk, for reading.
    ///
    /// @throws QuernException `INVALID` if there are none or too many
    static ByteBuffer chunk(MemorySegment bytes) {
        if (bytes.byteSize() < 1 || bytes.byteSize() > ChunkStore.MAX_CHUNK_BYTES) {
            throw QuernException.invalid(
                    "chunk must be 1 to "
                            + ChunkStore.MAX_CHUNK_BYTES
                            + " bytes, got "
                            + bytes.byteSize());
        }
        return buffer(bytes);
    }

    /// The same as [#buffer], for writing.
    ///
    /// @throws QuernException `INVALID` if it is no memory of bytes, or read-only
    static ByteBuffer target(MemorySegment bytes) {
        if (bytes.isReadOnly()) {
            throw QuernException.invalid("cannot read into a read-only segment");
        }
        try {
            return bytes.asByteBuffer();
        } catch (UnsupportedOperationException e) {
            throw QuernException.invalid("cannot read into an array of other numbers than bytes");
        }
    }

    /// The part of a target that a chunk is copied to.
    ///
    /// @throws QuernException `INVALID` if the target is too short
    static MemorySegment room(MemorySegment target, int lengthBytes, ChunkId id) {
        if (target.byteSize() < lengthBytes) {
            throw QuernException.invalid(
                    "target of chunk "
                            + id
                            + " must have at least "
                            + lengthBytes
                            + " bytes, got "
                            + target.byteSize());
        }
        return target.asSlice(0, lengthBytes);
    }

    /// The array that a segment is the whole of, or a copy.
    static byte[] array(MemorySegment bytes) {
        return bytes.heapBase().orElse(null) instanceof byte[] whole
                        && whole.length == bytes.byteSize()
                ? whole
                : bytes.toArray(ValueLayout.JAVA_BYTE);
    }
}
