package dev.quern.storage;

import java.io.IOException;
import java.io.OutputStream;

/// Counts the bytes that go through it to an operation, which it stops in; whoever writes to it
/// does so in batches. Closing it is the owner's of the stream below. Not thread-safe.
final class CountedOutput extends OutputStream {
    private final OutputStream out;
    private final Operation operation;

    CountedOutput(OutputStream out, Operation operation) {
        this.out = out;
        this.operation = operation;
    }

    @Override
    public void write(int value) throws IOException {
        out.write(value);
        operation.advance(1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        out.write(bytes, offset, length);
        operation.advance(length);
    }

    @Override
    public void flush() throws IOException {
        out.flush();
    }
}
