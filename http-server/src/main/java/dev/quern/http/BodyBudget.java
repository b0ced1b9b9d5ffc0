package dev.quern.http;

import dev.quern.common.ByteSize;
import dev.quern.common.QuernException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.atomic.AtomicLong;

/// Bounds the bodies that are held in memory at once, over all requests. Thread-safe.
final class BodyBudget {
    private static final long STEP_BYTES = 64 << 10;

    private final long limitBytes;
    private final AtomicLong takenBytes = new AtomicLong();

    BodyBudget(ByteSize limit) {
        this.limitBytes = limit.bytes();
    }

    /// One request's share, empty at first; closing it gives all of it back.
    Lease lease() {
        return new Lease();
    }

    long takenBytes() {
        return takenBytes.get();
    }

    /// A request's share. Not thread-safe.
    final class Lease implements AutoCloseable {
        private long heldBytes;

        /// @throws QuernException `EXHAUSTED` if all requests together would hold too much
        void take(long bytes) {
            if (takenBytes.addAndGet(bytes) > limitBytes) {
                takenBytes.addAndGet(-bytes);
                throw QuernException.exhausted(
                        "request bodies in memory are at their bound of "
                                + limitBytes
                                + " bytes; retry, or send less at once",
                        500);
            }
            heldBytes += bytes;
        }

        /// A stream that takes its share while it is read, in steps, beyond what is held already.
        InputStream counting(InputStream in) {
            return new FilterInputStream(in) {
                private long readBytes;

                @Override
                public int read() throws IOException {
                    byte[] one = new byte[1];
                    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
                }

                @Override
                public int read(byte[] target, int offset, int length) throws IOException {
                    int count = super.read(target, offset, length);
                    readBytes += Math.max(0, count);
                    while (readBytes > heldBytes) {
                        take(STEP_BYTES);
                    }
                    return count;
                }
            };
        }

        @Override
        public void close() {
            takenBytes.addAndGet(-heldBytes);
            heldBytes = 0;
        }
    }
}
