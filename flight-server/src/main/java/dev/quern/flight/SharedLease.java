package dev.quern.flight;

import dev.quern.storage.ChunkLease;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.ForeignAllocation;
import org.apache.arrow.memory.OutOfMemoryException;

/// A chunk's lease held by its reader and by every message in flight over its bytes; closed when
/// the last of them lets go, on whichever thread that is. Thread-safe.
final class SharedLease implements AutoCloseable {
    private final ChunkLease lease;
    private final MemorySegment bytes;
    private final AtomicInteger holders = new AtomicInteger(1);

    /// Takes over a lease; the caller is its first holder.
    SharedLease(ChunkLease lease) {
        this.lease = lease;
        this.bytes = lease.bytes();
    }

    /// The length of the chunk's bytes.
    long sizeBytes() {
        return bytes.byteSize();
    }

    /// A buffer of `length` bytes from `position`, to be released by the caller: the chunk's own
    /// memory when it lies outside the heap (a mapped pack), which is then a holder, else a copy.
    /// Either way the allocator counts it.
    ArrowBuf slice(BufferAllocator allocator, long position, int length) {
        MemorySegment part = bytes.asSlice(position, length);
        if (!part.isNative()) {
            ArrowBuf copy = allocator.buffer(length);
            copy.setBytes(0, part.asByteBuffer());
            copy.writerIndex(length);
            return copy;
        }
        holders.incrementAndGet();
        try {
            return allocator.wrapForeignAllocation(new Hold(length, part.address()));
        } catch (OutOfMemoryException e) {
            // The one failure after which the allocator does not release the allocation itself.
            close();
            throw e;
        }
    }

    /// Lets one holder go.
    @Override
    public void close() {
        if (holders.decrementAndGet() == 0) {
            lease.close();
        }
    }

    /// One message's hold on the bytes.
    private final class Hold extends ForeignAllocation {
        Hold(long length, long address) {
            super(length, address);
        }

        @Override
        protected void release0() {
            close();
        }
    }
}
