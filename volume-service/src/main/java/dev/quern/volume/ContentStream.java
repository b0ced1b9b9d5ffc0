package dev.quern.volume;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/// A part of a file as a stream. Owns its file content. Not thread-safe.
final class ContentStream extends InputStream {
    private final FileContent content;
    private final long end;
    private long at;
    private boolean closed;

    ContentStream(FileContent content, long offset, long length) {
        this.content = content;
        this.at = offset;
        this.end = offset + length;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] bytes, int from, int length) throws IOException {
        Objects.checkFromIndexSize(from, length, bytes.length);
        requireOpen();
        if (length == 0) {
            return 0;
        }
        if (at == end) {
            return -1;
        }
        MemorySegment segment = content.segment(at);
        int count = (int) Math.min(Math.min(segment.byteSize(), end - at), length);
        MemorySegment.copy(segment, ValueLayout.JAVA_BYTE, 0, bytes, from, count);
        at += count;
        return count;
    }

    @Override
    public long skip(long count) throws IOException {
        requireOpen();
        long skipped = Math.clamp(count, 0, end - at);
        at += skipped;
        return skipped;
    }

    @Override
    public int available() throws IOException {
        requireOpen();
        return (int) Math.min(end - at, Integer.MAX_VALUE);
    }

    @Override
    public long transferTo(OutputStream out) throws IOException {
        byte[] buffer = new byte[(int) Math.min(end - at, 256 << 10)];
        long total = 0;
        for (int count = read(buffer); count > 0; count = read(buffer)) {
            out.write(buffer, 0, count);
            total += count;
        }
        return total;
    }

    @Override
    public void close() {
        closed = true;
        content.close();
    }

    private void requireOpen() throws IOException {
        if (closed) {
            throw new IOException("stream of \"" + content.info().path() + "\" is closed");
        }
    }
}
