package dev.quern.cli;

import dev.quern.common.wire.RowBody;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Rows of a JSON-lines file, read batch by batch.
final class RowLines implements AutoCloseable {
    private final LineSource source;

    private RowLines(LineSource source) {
        this.source = source;
    }

    static RowLines open(String file) throws IOException {
        return new RowLines(
                file.equals("-") ? LineSource.standardInput() : LineSource.file(Path.of(file)));
    }

    List<RowBody> next(int limit) throws IOException {
        List<RowBody> rows = new ArrayList<>();
        while (rows.size() < limit) {
            Optional<String> line = source.next();
            if (line.isEmpty()) {
                break;
            }
            if (!line.get().isBlank()) {
                rows.add(Terminal.read(source.place(), line.get(), RowBody.class));
            }
        }
        return rows;
    }

    long readBytes() {
        return source.readBytes();
    }

    long totalBytes() {
        return source.totalBytes();
    }

    @Override
    public void close() throws IOException {
        source.close();
    }
}
