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

    /// The same, for writing.
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
}
