package dev.quern.storage;

import java.lang.foreign.MemorySegment;

/// A chunk's verified bytes, readable until the lease is closed. The segment is read-only and may
/// be the mapped pack itself: copying it is the caller's choice. Not thread-safe; the segment may
/// be read by any thread.
public interface ChunkLease extends AutoCloseable {
    /// The bytes.
    MemorySegment bytes();

    @Override
    void close();
}
