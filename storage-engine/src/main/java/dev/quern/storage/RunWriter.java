package dev.quern.storage;

import dev.quern.common.SpaceId;
import dev.quern.storage.Disk.DiskFile;
import dev.quern.storage.RunBlocks.Block;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// A run that is being written ([RunFormat]). Chunks are gathered in blocks ([RunBlocks]); while
/// the caller goes on with the next, another thread writes a block that is full, and every 16 MiB a
/// third one begins to force what is there, so that little is left for the end. The first 2 MiB,
/// which may be all, are not worth another thread, and what finds no block is written at once.
///
/// Not thread-safe, except that [#forceFinished] and [#close] may follow in another thread.
final class RunWriter implements PackOutput {
    private static final int MAX_WRITING = 3;
    private static final long ALONE_BYTES = 2 << 20;
    private static final long FLUSH_BYTES = 16 << 20;

    /// More than this is never written and not forced: the writer waits then.
    private static final long MAX_UNFLUSHED_BYTES = 128 << 20;

    /// Pieces that stay in a core's cache between the copying and the checksum.
    private static final int PIECE_BYTES = 32 << 10;

    private final Disk disk;
    private final Pack pack;
    private final DiskFile file;
    private final RunThreads threads;
    private final SpaceId space;
    private final List<PackRecord> records = new ArrayList<>();
    private final Deque<CompletableFuture<Void>> writing = new ArrayDeque<>();
    private @Nullable Block block;
    private @Nullable DiskFile table;
    private CompletableFuture<Void> flush = CompletableFuture.completedFuture(null);

    /// The chunks end here.
    private long position;

    /// What is before this has been handed to the file; what is behind it is in the block.
    private long handedTo;

    private long flushedTo;

    private RunWriter(Disk disk, Pack pack, DiskFile file, RunThreads threads, SpaceId space) {
        this.disk = disk;
        this.pack = pack;
        this.file = file;
        this.threads = threads;
        this.space = space;
    }

    /// Begins a run.
    static RunWriter create(Disk disk, Pack pack, RunThreads threads, SpaceId space)
            throws IOException {
        return new RunWriter(disk, pack, disk.create(pack.file(), 0), threads, space);
    }

    @Override
    public Pack pack() {
        return pack;
    }

    @Override
    public long position() {
        return position;
    }

    /// The chunks so far.
    List<PackRecord> records() {
        return records;
    }

    /// Whether no more chunks can be appended.
    boolean isFull() {
        return records.size() == RunFormat.MAX_CHUNKS;
    }

    /// Appends a chunk; its bytes are the caller's again when this returns.
    ///
    /// @throws IOException if this or an earlier one could not be written
    void append(ChunkId id, ByteBuffer bytes) throws IOException {
        long at = position;
        CRC32C crc = new CRC32C();
        ByteBuffer rest = bytes.duplicate();
        while (rest.hasRemaining()) {
            take(rest, crc);
        }
        BodyForm form = BodyForm.plain(bytes.remaining(), (int) crc.getValue());
        records.add(new PackRecord(at, 0, space, id, form));
        flushNowAndThen();
    }

    /// Takes as many bytes as the block has room for, or all if there is no block.
    private void take(ByteBuffer rest, CRC32C crc) throws IOException {
        Block to = block == null ? threads.blocks().take() : block;
        block = to;
        if (to == null) {
            int length = rest.remaining();
            file.write(rest, position);
            crc.update(rest);
            position += length;
            handedTo = position;
            return;
        }
        // A block ends at a multiple of its size.
        long end = (handedTo / RunBlocks.BLOCK_BYTES + 1) * RunBlocks.BLOCK_BYTES;
        while (rest.hasRemaining() && position < end) {
            int length = (int) Math.min(Math.min(PIECE_BYTES, rest.remaining()), end - position);
            ByteBuffer piece = to.bytes().asSlice(position - handedTo, length).asByteBuffer();
            piece.put(0, rest, rest.position(), length);
            rest.position(rest.position() + length);
            crc.update(piece);
            position += length;
        }
        if (position == end) {
            writeFull(to);
        }
    }

    private void writeFull(Block full) throws IOException {
        block = null;
        long at = handedTo;
        MemorySegment bytes = full.bytes().asSlice(0, position - at);
        handedTo = position;
        if (position <= ALONE_BYTES) {
            try {
                file.write(bytes.asByteBuffer(), at);
            } finally {
                threads.blocks().give(full);
            }
            return;
        }
        writing.add(CompletableFuture.runAsync(() -> write(full, bytes, at), threads::write));
        while (writing.size() > MAX_WRITING || isDone(writing.peek())) {
            await(writing.remove());
        }
    }

    private static boolean isDone(@Nullable CompletableFuture<Void> write) {
        return write != null && write.isDone();
    }

    private void write(Block full, MemorySegment bytes, long at) {
        try {
            file.write(bytes.asByteBuffer(), at);
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        } finally {
            threads.blocks().give(full);
        }
    }

    private void flushNowAndThen() throws IOException {
        if (flush.isDone()) {
            await(flush);
            if (handedTo - flushedTo >= FLUSH_BYTES) {
                CompletableFuture<Void> next = new CompletableFuture<>();
                if (threads.flush(() -> flush(next))) {
                    flush = next;
                    flushedTo = handedTo;
                }
            }
        } else if (handedTo - flushedTo >= MAX_UNFLUSHED_BYTES) {
            await(flush);
        }
    }

    private void flush(CompletableFuture<Void> done) {
        try {
            file.force();
            done.complete(null);
        } catch (IOException e) {
            done.completeExceptionally(new UncheckedIOException(e.getMessage(), e));
        } catch (RuntimeException | Error e) {
            done.completeExceptionally(e);
        }
    }

    private static <T> T await(CompletableFuture<T> work) throws IOException {
        try {
            return work.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof UncheckedIOException failure) {
                throw new IOException(failure.getMessage(), failure);
            }
            throw e;
        }
    }

    /// Writes what is left in the block, and the table: the run is complete then, but not durable.
    void complete() throws IOException {
        Block last = block;
        if (last != null) {
            file.write(last.bytes().asSlice(0, position - handedTo).asByteBuffer(), handedTo);
            handedTo = position;
        }
        while (!writing.isEmpty()) {
            await(writing.remove());
        }
        giveBlockBack();
        DiskFile out = disk.create(pack.tableFile(), 0);
        table = out;
        out.write(RunFormat.encode(pack.id(), space, records), 0);
    }

    private void giveBlockBack() {
        Block unused = block;
        block = null;
        if (unused != null) {
            threads.blocks().give(unused);
        }
    }

    /// Removes all of it.
    void abandon() throws IOException {
        awaitOthers();
        try (this) {
            disk.delete(pack.file());
            disk.delete(pack.tableFile());
        }
    }

    /// Makes the run and its table durable. A failure of an earlier force is told here too: the
    /// kernel would not tell it twice.
    @Override
    public void forceFinished() throws IOException {
        await(flush);
        file.force();
        if (table != null) {
            table.force();
        }
    }

    /// Waits for what other threads do with it.
    @Override
    public void close() throws IOException {
        giveBlockBack();
        try (file;
                DiskFile _ = table) {
            awaitOthers();
        }
    }

    private void awaitOthers() {
        writing.forEach(write -> write.handle((_, _) -> null).join());
        flush.handle((_, _) -> null).join();
    }
}
