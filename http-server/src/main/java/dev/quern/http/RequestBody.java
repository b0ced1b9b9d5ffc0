package dev.quern.http;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// A request's body as a stream. The event loop adds what it receives; it reads from the socket
/// only while fewer than [#WINDOW] buffers wait here, or while a body is to come that says it is
/// small, which spares asking the event loop for it. One thread reads.
final class RequestBody extends InputStream {
    private static final int WINDOW = 8;
    private static final long SMALL_BYTES = 64 << 10;

    private final HttpServerRequest request;
    private final OptionalLong declaredBytes;
    private final Duration stallTimeout;
    private final boolean present;

    /// Whether everything is taken as it comes.
    private final boolean flowing;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrived = lock.newCondition();
    // Guarded by lock.
    private final Queue<Buffer> waiting = new ArrayDeque<>(WINDOW);
    private boolean ended;
    private boolean discarding;
    private Runnable whenEnded = () -> {};
    private @Nullable IOException failure;
    // Of the event loop.
    private Runnable whenHere = () -> {};
    // Of the reading thread.
    private boolean started;
    private Buffer current = Buffer.buffer();
    private int position;
    private long receivedBytes;
    private long limitBytes = Long.MAX_VALUE;
    private String what = "the body";

    private RequestBody(
            HttpServerRequest request,
            OptionalLong declaredBytes,
            boolean present,
            Duration stallTimeout) {
        this.request = request;
        this.declaredBytes = declaredBytes;
        this.present = present;
        this.stallTimeout = stallTimeout;
        this.ended = !present;
        this.flowing = declaredBytes.orElse(Long.MAX_VALUE) <= SMALL_BYTES && !expectsContinue();
    }

    /// Takes over a request's body; on its event loop, before anything of it was handed out.
    static RequestBody of(HttpServerRequest request, Duration stallTimeout) {
        String length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
        boolean chunked = request.headers().contains(HttpHeaders.TRANSFER_ENCODING);
        OptionalLong declared = declared(length, chunked);
        boolean present = chunked || declared.orElse(0) > 0;
        RequestBody body = new RequestBody(request, declared, present, stallTimeout);
        if (present) {
            if (!body.flowing) {
                request.pause();
            }
            request.handler(body::add);
            request.endHandler(_ -> body.end());
        }
        return body;
    }

    /// Runs a task at once, or for a small body when it has come with the request's head, so that
    /// who reads it need not wait; when it has not, once everything that came with the head was
    /// taken. On the event loop, once.
    void whenHere(Runnable task) {
        if (!flowing || isDone()) {
            task.run();
            return;
        }
        whenHere = task;
        Objects.requireNonNull(Vertx.currentContext(), "event loop").runOnContext(_ -> here());
    }

    /// Whether all of a body has come that says it has at most so many bytes.
    boolean isHere(long most) {
        if (declaredBytes.isEmpty() || declaredBytes.getAsLong() > most) {
            return false;
        }
        lock.lock();
        try {
            return ended && failure == null;
        } finally {
            lock.unlock();
        }
    }

    private void here() {
        Runnable task = whenHere;
        whenHere = () -> {};
        task.run();
    }

    private static OptionalLong declared(@Nullable String length, boolean chunked) {
        if (length == null || chunked) {
            return OptionalLong.empty();
        }
        try {
            return OptionalLong.of(Long.parseLong(length));
        } catch (NumberFormatException e) {
            return OptionalLong.empty();
        }
    }

    /// From now on a body over `bytes` is refused: at once if it says so itself, else when that
    /// many have come.
    ///
    /// @param name what the body is, for the message
    /// @throws Refusal 413
    void limit(String name, long bytes) {
        what = name;
        limitBytes = bytes;
        if (declaredBytes.orElse(0) > bytes) {
            throw Refusal.tooLarge(name, bytes);
        }
    }

    /// The length that the request declares; empty when it is chunked or has no body.
    OptionalLong declaredBytes() {
        return declaredBytes;
    }

    /// Bytes handed to the reader so far.
    long receivedBytes() {
        return receivedBytes;
    }

    /// Whether every byte has been taken out of the connection.
    boolean isDone() {
        lock.lock();
        try {
            return ended && waiting.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    /// Whether the client waits to be told to send its body, and was not: it may send it yet, or
    /// may not, so that nobody can tell what comes next on the connection.
    boolean withheld() {
        return present && !started && expectsContinue();
    }

    private boolean expectsContinue() {
        return "100-continue".equalsIgnoreCase(request.getHeader(HttpHeaders.EXPECT));
    }

    /// The bytes that are known to be missing still; a large number when nobody knows.
    long missingBytes() {
        return isDone() ? 0 : declaredBytes.orElse(Long.MAX_VALUE) - receivedBytes;
    }

    /// Throws away what comes from now on; nobody reads any more.
    ///
    /// @param atEnd run when the last byte has come
    void discard(Runnable atEnd) {
        lock.lock();
        try {
            discarding = true;
            waiting.clear();
            whenEnded = atEnd;
            if (ended) {
                atEnd.run();
                return;
            }
        } finally {
            lock.unlock();
        }
        if (!flowing) {
            request.resume();
        }
    }

    private void add(Buffer buffer) {
        lock.lock();
        try {
            if (!discarding) {
                waiting.add(buffer);
                arrived.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    private void end() {
        lock.lock();
        try {
            ended = true;
            arrived.signal();
            whenEnded.run();
        } finally {
            lock.unlock();
        }
        here();
    }

    /// The connection is gone: readers are told so.
    void fail(IOException cause) {
        lock.lock();
        try {
            if (!ended && failure == null) {
                failure = cause;
            }
            arrived.signal();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, target.length);
        if (length == 0) {
            return 0;
        }
        if (position == current.length() && !advance()) {
            return -1;
        }
        int count = Math.min(length, current.length() - position);
        current.getBytes(position, position + count, target, offset);
        position += count;
        return count;
    }

    @Override
    public int available() {
        return current.length() - position;
    }

    private boolean advance() throws IOException {
        start();
        Buffer next = take();
        if (next == null) {
            return false;
        }
        current = next;
        position = 0;
        receivedBytes += next.length();
        if (receivedBytes > limitBytes) {
            throw Refusal.tooLarge(what, limitBytes);
        }
        return true;
    }

    private void start() {
        if (started || !present) {
            return;
        }
        started = true;
        if (expectsContinue()) {
            var _ = request.response().writeContinue();
        }
        if (!flowing) {
            request.fetch(WINDOW);
        }
    }

    /// The next buffer that is not empty, or null at the end.
    private @Nullable Buffer take() throws IOException {
        lock.lock();
        try {
            long nanos = stallTimeout.toNanos();
            while (true) {
                Buffer next = waiting.poll();
                if (next != null) {
                    if (!flowing) {
                        request.fetch(1);
                    }
                    if (next.length() > 0) {
                        return next;
                    }
                } else if (failure != null) {
                    throw new IOException(failure);
                } else if (ended) {
                    return null;
                } else if (nanos <= 0) {
                    throw Refusal.stalled(stallTimeout);
                } else {
                    nanos = arrived.awaitNanos(nanos);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (InterruptedIOException)
                    new InterruptedIOException("interrupted while a body was read").initCause(e);
        } finally {
            lock.unlock();
        }
    }
}
