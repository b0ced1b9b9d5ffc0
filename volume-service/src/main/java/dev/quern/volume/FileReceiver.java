package dev.quern.volume;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkRun;
import dev.quern.storage.ChunkStore;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/// Receives files of any size as streams: cuts them, stores the chunks and makes them durable. The
/// buffer of a file grows with it, to at most 5 MiB; how many may be over 256 KiB is bounded.
/// Thread-safe.
final class FileReceiver {
    private static final int SMALL_BYTES = GearChunker.MIN_BYTES;
    private static final int START_BYTES = 64 << 10;
    private static final int MAX_BUFFER_BYTES = GearChunker.MAX_BYTES + (1 << 20);

    private final ChunkStore chunks;
    private final Semaphore largeBuffers;
    private final Duration maxWait;

    /// Receives nothing yet.
    ///
    /// @param maxLarge files of over 256 KiB at the same time
    /// @param maxWait how long one more of them waits for its turn
    FileReceiver(ChunkStore chunks, int maxLarge, Duration maxWait) {
        this.chunks = chunks;
        this.maxWait = maxWait;
        this.largeBuffers = new Semaphore(maxLarge);
    }

    /// What was received.
    ///
    /// @param content where the bytes are, durable
    /// @param newBytes bytes of chunks that the space did not have
    record Received(Content content, long newBytes) {}

    /// Reads a stream to its end; does not close it.
    ///
    /// @throws QuernException `UNAVAILABLE` if the stream breaks off, `EXHAUSTED` if too many large
    ///   files are on their way or the disk is full; what was stored until then is garbage
    Received receive(SpaceId space, VolumePath path, InputStream bytes) {
        try (ChunkRun run = chunks.beginRun(space)) {
            ContentWriter writer =
                    new ContentWriter(chunks, space, run, ChunkListFormat.MAX_CHILDREN);
            read(path, bytes, writer);
            Content content = writer.finish();
            chunks.sync();
            return new Received(content, writer.newBytes());
        }
    }

    private void read(VolumePath path, InputStream bytes, ContentWriter writer) {
        Reception reception = new Reception(path, bytes, writer);
        try {
            reception.run();
        } catch (IOException e) {
            throw new QuernException(
                    ErrorKind.UNAVAILABLE,
                    "the bytes of \""
                            + path
                            + "\" broke off after "
                            + writer.sizeBytes()
                            + " or more: "
                            + e.getMessage(),
                    e);
        } finally {
            reception.release();
        }
    }

    /// One file on its way.
    private final class Reception {
        private final VolumePath path;
        private final InputStream in;
        private final ContentWriter writer;
        private final GearChunker chunker = new GearChunker();
        private byte[] buffer = new byte[START_BYTES];
        private int from;
        private int to;
        private boolean isLarge;

        Reception(VolumePath path, InputStream in, ContentWriter writer) {
            this.path = path;
            this.in = in;
            this.writer = writer;
        }

        void run() throws IOException {
            boolean end = false;
            while (true) {
                int length = chunker.next(buffer, from, to, end);
                if (length > 0) {
                    writer.add(MemorySegment.ofArray(buffer).asSlice(from, length));
                    from += length;
                } else if (end) {
                    return;
                } else {
                    end = !fill();
                }
            }
        }

        void release() {
            if (isLarge) {
                largeBuffers.release();
            }
        }

        private boolean fill() throws IOException {
            if (to == buffer.length) {
                makeRoom();
            }
            int count = in.read(buffer, to, buffer.length - to);
            to += Math.max(count, 0);
            return count >= 0;
        }

        private void makeRoom() {
            if (from == 0) {
                int size = Math.min(buffer.length * 4, MAX_BUFFER_BYTES);
                if (size > SMALL_BYTES && !isLarge) {
                    acquire();
                }
                buffer = Arrays.copyOf(buffer, size);
            } else {
                System.arraycopy(buffer, from, buffer, 0, to - from);
                to -= from;
                from = 0;
            }
        }

        private void acquire() {
            try {
                isLarge = largeBuffers.tryAcquire(maxWait.toMillis(), TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new QuernException(
                        ErrorKind.UNAVAILABLE, "put of \"" + path + "\" was interrupted", e);
            }
            if (!isLarge) {
                throw QuernException.exhausted(
                        "too many large files are being put: retry \"" + path + "\" later", 5_000);
            }
        }
    }
}
