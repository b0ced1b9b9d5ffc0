package dev.quern.cli.demo;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/// Compares what is written to it with a local file, which must fit in memory.
final class Comparison extends OutputStream {
    private final byte[] expected;
    private int position;
    private boolean differs;

    Comparison(Path file) throws IOException {
        expected = Files.readAllBytes(file);
    }

    @Override
    public void write(int value) {
        write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) {
        int left = expected.length - position;
        differs |=
                length > left
                        || !Arrays.equals(
                                bytes, from, from + length, expected, position, position + length);
        position += Math.min(length, left);
    }

    boolean same() {
        return !differs && position == expected.length;
    }
}
