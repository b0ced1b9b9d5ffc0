package dev.quern.storage;

import dev.quern.common.SpaceId;
import dev.quern.storage.Disk.DiskFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/// A run that is being written ([RunFormat]). While the caller does something else with a chunk,
/// another thread writes it; and every 16 MiB a third one begins to force what is there, so that
/// little is left for the end.
///
/// A write goes behind the last chunk that was kept; one that is not kept is written over. Not
/// thread-safe, except that [#forceFinished] may follow in another thread.
final class RunWriter implements PackOutput {
    private static final long FLUSH_BYTES = 16 << 20;

    /// More than this is never written and not forced: the writer waits then.
    private static final long MAX_UNFLUSHED_BYTES = 128 << 20;

    private final Disk disk;
    private final Pack pack;
    private final DiskFile file;
    private final RunThreads threads;
    private final SpaceId space;
    private final List<PackRecord> records = new ArrayList<>();
    private @Nullable DiskFile table;
    private CompletableFuture<Void> flush = CompletableFuture.completedFuture(null);
    private long position;
    private long writtenTo;
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

    /// The chunks kept so far.
    List<PackRecord> records() {
        return records;
    }

    /// Whether another chunk can be kept.
    boolean isFull() {
        return records.size() == RunFormat.MAX_CHUNKS;
    }

    /// A write on its way.
    ///
    /// @param done once it is written
    record Write(int length, CompletableFuture<Void> done) {}

    /// Begins to write a chunk behind the last one; one at a time.
    Write begin(ByteBuffer bytes) {
        int length = bytes.remaining();
        long at = position;
        writtenTo = Math.max(writtenTo, at + length);
        return new Write(
                length, CompletableFuture.runAsync(() -> write(bytes, at), threads::write));
    }

    private void write(ByteBuffer bytes, long at) {
        try {
            file.write(bytes.duplicate(), at);
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }

    /// Waits for a write and keeps it as a chunk.
    ///
    /// @param crc of its bytes
    void keep(Write write, ChunkId id, int crc) throws IOException {
        await(write.done);
        records.add(new PackRecord(position, 0, space, id, BodyForm.plain(write.length, crc)));
        position += write.length;
        flushNowAndThen();
    }

    /// Waits for a write that is not wanted.
    void drop(Write write) throws IOException {
        await(write.done);
    }

    private void flushNowAndThen() throws IOException {
        if (flush.isDone()) {
            await(flush);
            if (position - flushedTo >= FLUSH_BYTES) {
                CompletableFuture<Void> next = new CompletableFuture<>();
                if (threads.flush(() -> flush(next))) {
                    flush = next;
                    flushedTo = position;
                }
            }
        } else if (position - flushedTo >= MAX_UNFLUSHED_BYTES) {
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

    /// Cuts what was not kept and writes the table: the run is complete then, but not durable.
    void complete() throws IOException {
        if (writtenTo > position) {
            file.resize(position);
        }
        DiskFile out = disk.create(pack.tableFile(), 0);
        table = out;
        out.write(RunFormat.encode(pack.id(), space, records), 0);
    }

    /// Removes all of it.
    void abandon() throws IOException {
        flush.handle((_, _) -> null).join();
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

    @Override
    public void close() throws IOException {
        try (file;
                DiskFile _ = table) {
            flush.handle((_, _) -> null).join();
        }
    }
}
