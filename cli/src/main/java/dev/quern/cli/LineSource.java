package dev.quern.cli;

import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// Lines of a UTF-8 file or of standard input, with the place of each for messages.
final class LineSource implements AutoCloseable {
    private final String name;
    private final BufferedReader reader;
    private final long totalBytes;
    private long readBytes;
    private long lineNumber;

    private LineSource(String name, InputStream in, long totalBytes) {
        this.name = name;
        this.reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
        this.totalBytes = totalBytes;
    }

    static LineSource file(Path file) throws IOException {
        return new LineSource(file.toString(), Files.newInputStream(file), Files.size(file));
    }

    static LineSource standardInput() {
        return new LineSource("standard input", new FileInputStream(FileDescriptor.in), 0);
    }

    Optional<String> next() throws IOException {
        String line = reader.readLine();
        if (line != null) {
            lineNumber++;
            readBytes += line.length() + 1L;
        }
        return Optional.ofNullable(line);
    }

    /// The place of the last line, such as `rows.jsonl line 3`.
    String place() {
        return name + " line " + lineNumber;
    }

    /// About how much was read.
    long readBytes() {
        return readBytes;
    }

    /// 0 when unknown.
    long totalBytes() {
        return totalBytes;
    }

    @Override
    public void close() throws IOException {
        reader.close();
    }
}
