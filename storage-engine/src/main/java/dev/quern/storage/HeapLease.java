package dev.quern.storage;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// A lease on bytes that the garbage collector looks after.
final class HeapLease implements ChunkLease {
    private @Nullable MemorySegment bytes;

    HeapLease(MemorySegment bytes) {
        this.bytes = bytes.asReadOnly();
    }

    @Override
    public MemorySegment bytes() {
        if (bytes == null) {
            throw new IllegalStateException("lease is closed");
        }
        return bytes;
    }

    @Override
    public void close() {
        bytes = null;
    }
}
