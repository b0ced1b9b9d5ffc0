package dev.quern.vector.fused;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/// Off-heap memory for blocks, within one bound for the whole process: Lucene makes a segment's
/// reader by the format's name alone, so there is no other way to hand the bound to it.
/// Thread-safe.
public final class HotMemory {
    private static final AtomicLong USED = new AtomicLong();
    private static volatile long limitBytes = Runtime.getRuntime().maxMemory() / 2;

    private HotMemory() {}

    /// Bounds the bytes from now on; 0 turns copies off. What is in use stays until its reader
    /// closes. Half of the largest heap unless set.
    public static void limit(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("limit must be 0 or more, got " + bytes);
        }
        limitBytes = bytes;
    }

    /// Bytes in use.
    public static long usedBytes() {
        return USED.get();
    }

    /// Memory that counts against the bound until it is closed.
    static final class Region implements AutoCloseable {
        private final Arena arena = Arena.ofShared();
        private final AtomicBoolean closed = new AtomicBoolean();
        private final long bytes;
        final MemorySegment memory;

        private Region(long bytes) {
            this.bytes = bytes;
            this.memory = allocate(bytes, arena);
        }

        @Override
        public void close() {
            if (closed.compareAndSet(false, true)) {
                arena.close();
                USED.addAndGet(-bytes);
            }
        }
    }

    /// Zeroed memory, which the caller closes; empty when the bound does not allow it.
    static Optional<Region> reserve(long bytes) {
        if (USED.addAndGet(bytes) > limitBytes) {
            USED.addAndGet(-bytes);
            return Optional.empty();
        }
        try {
            return Optional.of(new Region(bytes));
        } catch (OutOfMemoryError e) {
            USED.addAndGet(-bytes);
            return Optional.empty();
        }
    }

    /// Zeroed memory in huge pages if possible, until the arena closes; not counted.
    static MemorySegment allocate(long bytes, Arena arena) {
        return HugePages.map(bytes, arena).orElseGet(() -> arena.allocate(bytes, 64));
    }
}
