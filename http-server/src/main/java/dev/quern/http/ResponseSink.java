package dev.quern.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.internal.buffer.BufferInternal;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// Sends a response body with back-pressure: at most [#WINDOW] buffers are on their way at once. A
/// body that fits into one buffer leaves with its head and its length in one write. One thread
/// writes; [#fail] may be called by any.
final class ResponseSink extends OutputStream {
    private static final int WINDOW = 4;
    private static final int BUFFER_BYTES = 64 << 10;
    private static final int SLICE_BYTES = 1 << 20;
    private static final int FIRST_BUFFER_BYTES = 1 << 10;

    private final HttpServerResponse response;
    private final LoopOutbox outbox;
    private final Runnable prepareHead;
    private final Runnable cut;
    private final Duration stallTimeout;
    private final Semaphore window = new Semaphore(WINDOW);
    private final AtomicReference<@Nullable IOException> failure = new AtomicReference<>();
    private byte[] buffer = new byte[FIRST_BUFFER_BYTES];
    private int count;
    private long writtenBytes;
    private boolean headSent;

    /// The last write: one that ends after all others.
    private Future<Void> last = Future.succeededFuture();

    /// @param prepareHead sets status and headers; run once, before the first byte is sent
    /// @param cut closes the connection
    ResponseSink(
            HttpServerResponse response,
            LoopOutbox outbox,
            Duration stallTimeout,
            Runnable prepareHead,
            Runnable cut) {
        this.cut = cut;
        this.outbox = outbox;
        this.response = response;
        this.stallTimeout = stallTimeout;
        this.prepareHead = prepareHead;
    }

    /// Whether status and headers are sent, so that they cannot be replaced by an error's.
    boolean headSent() {
        return headSent;
    }

    /// Whether the client is gone or took nothing for too long.
    boolean failed() {
        return failure.get() != null;
    }

    /// Bytes of the body given to the connection so far.
    long writtenBytes() {
        return writtenBytes;
    }

    /// Bytes of the body written so far, sent or not.
    long totalBytes() {
        return writtenBytes + count;
    }

    /// Makes this and every later write fail; the connection is gone.
    void fail(IOException cause) {
        failure.compareAndSet(null, cause);
    }

    /// @throws IOException if the client is gone: for writers that work long between two writes
    void requireOpen() throws IOException {
        IOException cause = failure.get();
        if (cause != null) {
            throw new IOException(cause.getMessage(), cause);
        }
    }

    @Override
    public void write(int value) throws IOException {
        write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] source, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, source.length);
        int from = offset;
        int left = length;
        while (left > 0) {
            if (count == BUFFER_BYTES) {
                sendBuffer();
            }
            int step = Math.min(left, BUFFER_BYTES - count);
            makeRoom(count + step);
            System.arraycopy(source, from, buffer, count, step);
            count += step;
            from += step;
            left -= step;
        }
    }

    private void makeRoom(int needed) {
        if (needed > buffer.length) {
            int size = Math.min(BUFFER_BYTES, Math.max(needed, buffer.length * 4));
            buffer = Arrays.copyOf(buffer, size);
        }
    }

    /// Sends what was written so far now: for bodies that grow line by line.
    @Override
    public void flush() throws IOException {
        if (count > 0) {
            sendBuffer();
        }
    }

    /// Sends memory as it lies, without a copy; returns when it is not needed any more.
    void sendDirect(MemorySegment segment) throws IOException {
        flush();
        try {
            for (long at = 0; at < segment.byteSize(); at += SLICE_BYTES) {
                long size = Math.min(SLICE_BYTES, segment.byteSize() - at);
                send(Unpooled.wrappedBuffer(segment.asSlice(at, size).asByteBuffer()));
            }
            awaitWindow(WINDOW);
            window.release(WINDOW);
        } catch (IOException | RuntimeException e) {
            // Slices may be on their way still, and whoever owns the memory is about to take it.
            cut.run();
            window.acquireUninterruptibly(WINDOW);
            window.release(WINDOW);
            throw e;
        }
    }

    private void sendBuffer() throws IOException {
        ByteBuf bytes = Unpooled.wrappedBuffer(buffer, 0, count);
        buffer = new byte[BUFFER_BYTES];
        count = 0;
        send(bytes);
    }

    private void send(ByteBuf bytes) throws IOException {
        awaitWindow(1);
        sendHead();
        writtenBytes += bytes.readableBytes();
        track(() -> response.write(buffer(bytes)));
    }

    /// Sends what is left. When there was more than one buffer, waits until the connection has
    /// taken all of it, as long as a client may take nothing.
    void finish() throws IOException {
        awaitWindow(1);
        ByteBuf rest = Unpooled.wrappedBuffer(buffer, 0, count);
        sendHead();
        boolean only = writtenBytes == 0;
        writtenBytes += count;
        count = 0;
        LoopOutbox.Send end = () -> response.end(buffer(rest));
        track(only ? () -> outbox.send(end) : end);
        if (!only) {
            awaitWindow(WINDOW);
            window.release(WINDOW);
        }
        requireOpen();
    }

    /// Runs a task when nothing is on its way any more, whatever became of it: at once, or on the
    /// connection's event loop.
    void whenSettled(Runnable task) {
        last.onComplete(_ -> task.run());
    }

    private void sendHead() {
        if (!headSent) {
            prepareHead.run();
            headSent = true;
        }
    }

    private void track(LoopOutbox.Send write) throws IOException {
        Future<Void> future;
        try {
            future = write.start();
        } catch (IllegalStateException e) {
            // Vert.x says so of a response whose connection has been closed.
            window.release();
            fail(new IOException("connection closed", e));
            requireOpen();
            return;
        }
        last = future;
        future.onComplete(result -> {
            if (result.failed()) {
                fail(new IOException("connection closed", result.cause()));
            }
            window.release();
        });
    }

    private void awaitWindow(int permits) throws IOException {
        try {
            if (!window.tryAcquire(permits, stallTimeout.toNanos(), TimeUnit.NANOSECONDS)) {
                IOException stalled =
                        new IOException(
                                "the client took nothing for " + stallTimeout.toMillis() + " ms");
                fail(stalled);
                throw stalled;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (InterruptedIOException)
                    new InterruptedIOException("interrupted while sending").initCause(e);
        }
        if (failure.get() != null) {
            window.release(permits);
            requireOpen();
        }
    }

    /// Vert.x's own way from a Netty buffer to its buffer: its public one copies.
    private static Buffer buffer(ByteBuf bytes) {
        return BufferInternal.buffer(bytes);
    }
}
