package dev.quern.volume;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.storage.ChunkLease;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/// The bytes of a file at a commit. Not thread-safe; open one for each reader. Closing it does not
/// close the leases and streams that it gave.
@SuppressWarnings("DoNotCallSuggester") // bodies follow
public final class FileContent implements AutoCloseable {
    FileContent() {}

    /// The file.
    public FileInfo info() {
        throw new UnsupportedOperationException();
    }

    /// Reads from `offset` until `dst` is full or the file ends.
    ///
    /// @return bytes read, or -1 if `offset` is at or after the end
    public int read(long offset, ByteBuffer dst) {
        throw new UnsupportedOperationException();
    }

    /// A stream of the `length` bytes from `offset`; both must lie in the file.
    @MustBeClosed
    public InputStream stream(long offset, long length) {
        throw new UnsupportedOperationException();
    }

    /// Gives the `length` bytes from `offset` as read-only segments of at most 4 MiB each, in
    /// order, without a copy. A segment may be read only until the consumer returns.
    public void forEachSegment(long offset, long length, Consumer<MemorySegment> consumer) {
        throw new UnsupportedOperationException();
    }

    /// The bytes from `offset` to the end of its chunk, without a copy, readable until the lease is
    /// closed: for senders that go on after the call returns.
    @MustBeClosed
    public ChunkLease lease(long offset) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
