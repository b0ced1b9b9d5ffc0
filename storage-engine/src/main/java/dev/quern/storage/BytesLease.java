package dev.quern.storage;

import java.lang.foreign.MemorySegment;

/// A lease that tells when it is closed. Not thread-safe.
final class BytesLease implements ChunkLease {
    private final MemorySegment bytes;
    private final Runnable onClose;
    private boolean closed;

    BytesLease(MemorySegment bytes, Runnable onClose) {
        this.bytes = bytes;
        this.onClose = onClose;
    }

    @Override
    public MemorySegment bytes() {
        if (closed) {
            throw new IllegalStateException("lease is closed");
        }
        return bytes;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            onClose.run();
        }
    }
}
