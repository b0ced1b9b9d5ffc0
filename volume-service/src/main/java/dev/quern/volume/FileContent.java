package dev.quern.volume;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkLease;
import dev.quern.storage.ChunkStore;
import dev.quern.storage.ExtentLease;
import dev.quern.volume.ContentReader.Piece;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The bytes of a file at a commit; they never change. Holds at most one chunk open at a time. Not
/// thread-safe; open one for each reader. Closing it leaves the leases and streams that it gave
/// open.
public final class FileContent implements AutoCloseable {
    private final ChunkStore chunks;
    private final SpaceId space;
    private final FileInfo info;
    private final Content content;
    private final ContentReader reader;
    private final OpenReads reads;
    private final OpenReads.Read read;
    private @Nullable Piece piece;
    private @Nullable ChunkLease lease;

    /// @param reads is told of it, so that the bytes stay while it is open
    @SuppressWarnings("MustBeClosedChecker") // closed by close()
    FileContent(ChunkStore chunks, OpenReads reads, SpaceId space, FileInfo info, Content content) {
        this.chunks = chunks;
        this.reads = reads;
        this.space = space;
        this.info = info;
        this.content = content;
        this.reader = new ContentReader(chunks, space, content);
        this.read = reads.file(space, info.path(), content);
    }

    /// The file.
    public FileInfo info() {
        return info;
    }

    /// Reads from `offset` until `dst` is full or the file ends.
    ///
    /// @return bytes read; -1 if `offset` is at or after the end
    /// @throws QuernException `INVALID` if `offset` is negative, `CORRUPT` if stored bytes do not
    ///   match their hash
    public int read(long offset, ByteBuffer dst) {
        if (offset < 0) {
            throw QuernException.invalid("offset must be 0 or more, got " + offset);
        }
        if (offset >= content.sizeBytes()) {
            return -1;
        }
        int count = (int) Math.min(dst.remaining(), content.sizeBytes() - offset);
        forEachSegment(offset, count, segment -> dst.put(segment.asByteBuffer()));
        return count;
    }

    /// A stream of a part of the file, independent of this object; it holds one chunk open at a
    /// time and reads no further than `length`.
    ///
    /// @throws QuernException `INVALID` unless the `length` bytes from `offset` lie in the file
    @MustBeClosed
    public InputStream stream(long offset, long length) {
        requireRange(offset, length);
        return new ContentStream(
                new FileContent(chunks, reads, space, info, content), offset, length);
    }

    /// Gives a part of the file as read-only segments, in order and without a copy. A segment may
    /// be read only until the consumer returns.
    ///
    /// @throws QuernException `INVALID` unless the `length` bytes from `offset` lie in the file
    public void forEachSegment(long offset, long length, Consumer<MemorySegment> consumer) {
        requireRange(offset, length);
        long at = offset;
        long end = offset + length;
        while (at < end) {
            MemorySegment segment = segment(at);
            long count = Math.min(segment.byteSize(), end - at);
            consumer.accept(segment.asSlice(0, count));
            at += count;
        }
    }

    /// The bytes from `offset` to the end of its chunk (at most 16 MiB), without a copy, readable
    /// until the lease is closed: for senders that go on after the call returns.
    ///
    /// @throws QuernException `INVALID` unless `offset` lies in the file
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // what is returned owns it
    public ChunkLease lease(long offset) {
        requireRange(offset, 1);
        Piece part = reader.find(offset);
        ChunkLease whole = reader.open(part);
        return new RestOfChunk(whole, whole.bytes().asSlice(offset - part.start()));
    }

    /// Where the whole file lies in a file of the store, if it lies there as it is.
    Optional<ExtentLease> locate() {
        return chunks.locate(space, reader.chunks());
    }

    /// Reads the whole file, which checks it.
    void verify() {
        for (long at = 0; at < content.sizeBytes(); ) {
            at += segment(at).byteSize();
        }
    }

    /// Closes the chunk that is open, and no longer keeps the others; a second call does nothing.
    @Override
    public void close() {
        read.close();
        releaseChunk();
    }

    private void releaseChunk() {
        if (lease != null) {
            lease.close();
        }
        lease = null;
        piece = null;
    }

    /// The bytes from an offset to the end of its chunk, readable until the next call.
    MemorySegment segment(long offset) {
        Piece part = piece;
        ChunkLease held = lease;
        if (part == null || held == null || !part.has(offset)) {
            releaseChunk();
            part = reader.find(offset);
            held = hold(part);
        }
        return held.bytes().asSlice(offset - part.start());
    }

    @SuppressWarnings("MustBeClosedChecker") // closed by close() or by the next call of segment
    private ChunkLease hold(Piece part) {
        ChunkLease opened = reader.open(part);
        piece = part;
        lease = opened;
        return opened;
    }

    private void requireRange(long offset, long length) {
        if (offset < 0 || length < 0 || length > content.sizeBytes() - offset) {
            throw QuernException.invalid(
                    "range of "
                            + length
                            + " bytes from "
                            + offset
                            + " is not in \""
                            + info.path()
                            + "\" of "
                            + content.sizeBytes()
                            + " bytes");
        }
    }

    private record RestOfChunk(ChunkLease whole, MemorySegment bytes) implements ChunkLease {
        @Override
        public void close() {
            whole.close();
        }
    }
}
