package dev.quern.storage;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A disk that fills up, fails or waits when a test says so.
final class FaultyDisk implements Disk {
    private final Disk real = new LocalDisk();
    private volatile long writableBytes = Long.MAX_VALUE;
    private volatile long usable = Long.MAX_VALUE;
    private volatile @Nullable String databaseFailure;
    private volatile @Nullable String forceFailure;
    private volatile CountDownLatch forceFailed = new CountDownLatch(1);
    private volatile boolean resizeFails;
    private volatile int nameSteps = Integer.MAX_VALUE;
    private volatile @Nullable CountDownLatch reached;
    private volatile @Nullable CountDownLatch go;

    /// Takes this many more bytes in pack files, then is full, in the middle of a write.
    void limitWritable(long bytes) {
        writableBytes = bytes;
    }

    /// Says that this much is free.
    void limitUsable(long bytes) {
        usable = bytes;
    }

    /// Makes the writes of databases fail so, or work again.
    void failDatabases(@Nullable String message) {
        databaseFailure = message;
    }

    /// Makes forces fail so, or work again.
    void failForces(@Nullable String message) {
        forceFailed = new CountDownLatch(1);
        forceFailure = message;
    }

    /// Waits until a force of an open file has failed since [#failForces].
    void awaitFailedForce() throws InterruptedException {
        if (!forceFailed.await(1, TimeUnit.MINUTES)) {
            throw new AssertionError("no force has failed within a minute");
        }
    }

    /// Makes cutting and extending of open files fail.
    void failResizes(boolean fail) {
        resizeFails = fail;
    }

    /// Removes this many more names or syncs of a directory, then fails.
    void failNamesAfter(int steps) {
        nameSteps = steps;
    }

    private synchronized void nameStep() throws IOException {
        fail(nameSteps-- <= 0 ? "Input/output error" : null);
    }

    /// Makes the writes of databases wait.
    void holdDatabases(@Nullable CountDownLatch reached, @Nullable CountDownLatch go) {
        this.reached = reached;
        this.go = go;
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
        real.createDirectories(directory);
    }

    @Override
    public List<Path> list(Path directory, String suffix) throws IOException {
        return real.list(directory, suffix);
    }

    @Override
    public DiskFile create(Path file, long sizeBytes) throws IOException {
        return new FaultyFile(real.create(file, sizeBytes));
    }

    @Override
    public DiskFile open(Path file) throws IOException {
        return new FaultyFile(real.open(file));
    }

    @Override
    public MemorySegment map(Path file, Arena arena) throws IOException {
        return real.map(file, arena);
    }

    @Override
    public long sizeBytes(Path file) throws IOException {
        return real.sizeBytes(file);
    }

    @Override
    public void truncate(Path file, long sizeBytes) throws IOException {
        real.truncate(file, sizeBytes);
    }

    @Override
    public boolean force(Path file, long from, long to) throws IOException {
        fail(forceFailure);
        return real.force(file, from, to);
    }

    @Override
    public void replace(Path from, Path to) throws IOException {
        real.replace(from, to);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        real.rename(from, to);
    }

    @Override
    public void delete(Path file) throws IOException {
        nameStep();
        real.delete(file);
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
        fail(forceFailure);
        nameStep();
        real.syncDirectory(directory);
    }

    @Override
    public long usableBytes(Path near) throws IOException {
        return Math.min(usable, real.usableBytes(near));
    }

    @Override
    public void admit(Path database) throws IOException {
        CountDownLatch signal = reached;
        CountDownLatch wait = go;
        if (signal != null && wait != null) {
            signal.countDown();
            try {
                wait.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }
        fail(databaseFailure);
    }

    private static void fail(@Nullable String message) throws IOException {
        if (message != null) {
            throw new IOException(message);
        }
    }

    private final class FaultyFile implements DiskFile {
        private final DiskFile file;

        FaultyFile(DiskFile file) {
            this.file = file;
        }

        @Override
        public void write(ByteBuffer bytes, long offset) throws IOException {
            int length = bytes.remaining();
            long room = writableBytes;
            if (length > room) {
                writableBytes = 0;
                file.write(bytes.slice(bytes.position(), (int) room), offset);
                throw new IOException("No space left on device");
            }
            writableBytes = room - length;
            file.write(bytes, offset);
        }

        @Override
        public void force() throws IOException {
            CountDownLatch failed = forceFailed;
            try {
                fail(forceFailure);
            } catch (IOException e) {
                failed.countDown();
                throw e;
            }
            file.force();
        }

        @Override
        public void resize(long sizeBytes) throws IOException {
            fail(resizeFails ? "Input/output error" : null);
            file.resize(sizeBytes);
        }

        @Override
        public MemorySegment map(Arena arena) throws IOException {
            return file.map(arena);
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
