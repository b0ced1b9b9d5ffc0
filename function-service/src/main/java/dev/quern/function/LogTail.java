package dev.quern.function;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// The last 64 KiB of what an instance printed, cut into calls: the runner ends each call's text
/// with a marker that only it and the service know. Thread-safe; one thread runs [#drain].
final class LogTail {
    static final int MAX_BYTES = 64 << 10;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    @GuardedBy("lock")
    private byte[] buffer = new byte[8 << 10];

    @GuardedBy("lock")
    private int length;

    @GuardedBy("lock")
    private byte[] marker = new byte[0];

    @GuardedBy("lock")
    private Optional<byte[]> ended = Optional.empty();

    @GuardedBy("lock")
    private boolean exhausted;

    /// Reads a stream to its end.
    void drain(InputStream in) {
        byte[] chunk = new byte[8 << 10];
        try {
            for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
                append(chunk, n);
            }
        } catch (IOException e) {
            append(chunk, 0); // the process was killed; what came before it counts
        }
        lock.lock();
        try {
            exhausted = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Tells which marker ends the text of the call that begins now.
    void begin(String marker) {
        lock.lock();
        try {
            this.marker = marker.getBytes(StandardCharsets.ISO_8859_1);
            ended = Optional.empty();
        } finally {
            lock.unlock();
        }
    }

    /// The text up to the marker, or what there is when the stream ends or the time has passed.
    /// What follows belongs to the next call.
    String take(Duration patience) {
        long nanos = patience.toNanos();
        lock.lock();
        try {
            while (ended.isEmpty() && !exhausted && nanos > 0) {
                nanos = changed.awaitNanos(nanos);
            }
            byte[] text = ended.orElseGet(this::all);
            ended = Optional.empty();
            return new String(text, StandardCharsets.UTF_8);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "";
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private byte[] all() {
        byte[] text = Arrays.copyOfRange(buffer, Math.max(0, length - MAX_BYTES), length);
        length = 0;
        return text;
    }

    private void append(byte[] bytes, int count) {
        lock.lock();
        try {
            int from = Math.max(0, length - marker.length);
            ensureRoom(count);
            from = Math.min(from, Math.max(0, length - marker.length));
            System.arraycopy(bytes, 0, buffer, length, count);
            length += count;
            int at = marker.length == 0 ? -1 : find(from);
            if (at >= 0) {
                ended = Optional.of(Arrays.copyOfRange(buffer, Math.max(0, at - MAX_BYTES), at));
                int rest = at + marker.length;
                System.arraycopy(buffer, rest, buffer, 0, length - rest);
                length -= rest;
                marker = new byte[0];
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /// Makes room for `count` bytes, by growing or by dropping the oldest text.
    @GuardedBy("lock")
    private void ensureRoom(int count) {
        if (length + count <= buffer.length) {
            return;
        }
        if (buffer.length < 4 * MAX_BYTES) {
            buffer = Arrays.copyOf(buffer, Math.max(2 * buffer.length, length + count));
        } else {
            int kept = Math.min(length, MAX_BYTES + marker.length);
            System.arraycopy(buffer, length - kept, buffer, 0, kept);
            length = kept;
        }
    }

    @GuardedBy("lock")
    private int find(int from) {
        for (int i = from; i + marker.length <= length; i++) {
            if (Arrays.equals(buffer, i, i + marker.length, marker, 0, marker.length)) {
                return i;
            }
        }
        return -1;
    }

    /// Waits until the stream has ended.
    ///
    /// @return false if it has not within the time
    boolean awaitEnd(Duration patience) {
        long nanos = patience.toNanos();
        lock.lock();
        try {
            while (!exhausted && nanos > 0) {
                nanos = changed.awaitNanos(nanos);
            }
            return exhausted;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            lock.unlock();
        }
    }
}
