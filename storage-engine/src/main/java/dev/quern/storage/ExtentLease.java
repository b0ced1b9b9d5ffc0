package dev.quern.storage;

import dev.quern.storage.ChunkStore.Extent;
import java.util.concurrent.atomic.AtomicBoolean;

/// Keeps a part of a file in place until it is closed: it may be mapped, sent or hard-linked
/// meanwhile, and must not be written. A hard link made meanwhile outlives the lease. Thread-safe.
public final class ExtentLease implements AutoCloseable {
    private final Extent extent;
    private final Runnable onClose;
    private final AtomicBoolean closed = new AtomicBoolean();

    ExtentLease(Extent extent, Runnable onClose) {
        this.extent = extent;
        this.onClose = onClose;
    }

    /// Where the bytes lie.
    public Extent extent() {
        return extent;
    }

    @Override
    public void close() {
        if (!closed.getAndSet(true)) {
            onClose.run();
        }
    }
}
