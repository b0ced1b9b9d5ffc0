package dev.quern.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.QuernException;
import dev.quern.storage.Disk.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The file of the segment that comes next, all of its blocks written ahead in the background, so
/// that nobody waits for them when it begins. It gets its header and its name only then; what a
/// crash leaves of it is worth nothing. Thread-safe.
final class SpareSegment implements AutoCloseable {
    static final String NAME = "next.spare";

    private static final Logger LOG = LoggerFactory.getLogger(SpareSegment.class);
    private static final int BLOCK_BYTES = 1 << 20;

    private final Disk disk;
    private final Path file;
    private final long sizeBytes;
    private final Executor background;

    /// The file, forced, once it is ready.
    @GuardedBy("this")
    private @Nullable DiskFile ready;

    @GuardedBy("this")
    private boolean preparing;

    @GuardedBy("this")
    private boolean closed;

    /// @param sizeBytes of the file
    /// @param background makes it
    SpareSegment(Disk disk, Path directory, long sizeBytes, Executor background) {
        this.disk = disk;
        this.file = directory.resolve(NAME);
        this.sizeBytes = sizeBytes;
        this.background = background;
    }

    /// Sees to it that one will be there.
    void prepare() {
        synchronized (this) {
            if (ready != null || preparing || closed) {
                return;
            }
            preparing = true;
        }
        try {
            background.execute(this::make);
        } catch (RejectedExecutionException e) {
            done(null);
        }
    }

    private void make() {
        DiskFile made = null;
        try {
            made = fill(disk, file, sizeBytes, ByteBuffer.allocateDirect(blockBytes()));
        } catch (IOException e) {
            LOG.warn("spare log segment {} cannot be made", file, e);
        } finally {
            done(made);
        }
    }

    private int blockBytes() {
        return (int) Math.min(BLOCK_BYTES, sizeBytes);
    }

    private void done(@Nullable DiskFile made) {
        synchronized (this) {
            preparing = false;
            if (!closed) {
                ready = made;
                return;
            }
        }
        remove(made);
    }

    /// Makes a file in the place of any that is there, and writes zeros to all of its blocks, which
    /// are then durable. Nothing of it stays if that fails.
    ///
    /// @param block zeros of any length
    static DiskFile fill(Disk disk, Path file, long sizeBytes, ByteBuffer block)
            throws IOException {
        disk.delete(file);
        DiskFile made = disk.create(file, sizeBytes);
        boolean filled = false;
        try {
            for (long at = 0; at < sizeBytes; at += block.capacity()) {
                block.clear().limit((int) Math.min(block.capacity(), sizeBytes - at));
                made.write(block, at);
            }
            made.force();
            filled = true;
            return made;
        } finally {
            if (!filled) {
                made.close();
                disk.delete(file);
            }
        }
    }

    /// Gives the file to the caller, if it is ready.
    synchronized @Nullable DiskFile take() {
        DiskFile taken = ready;
        ready = null;
        return taken;
    }

    long sizeBytes() {
        return sizeBytes;
    }

    /// Where the file lies until it is renamed.
    Path file() {
        return file;
    }

    /// Leaves no file, though one that is being made may go a moment later.
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        remove(take());
    }

    private void remove(@Nullable DiskFile made) {
        if (made == null) {
            return;
        }
        try (made) {
            disk.delete(file);
        } catch (IOException | QuernException e) {
            LOG.warn("spare log segment {} stays", file, e);
        }
    }
}
