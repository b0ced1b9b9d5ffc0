package dev.quern.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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

    /// The next rows; their values as they stand.
    List<Map<String, Object>> next(int limit) throws IOException {
        List<Map<String, Object>> rows = new ArrayList<>();
        while (rows.size() < limit) {
            Optional<String> line = source.next();
            if (line.isEmpty()) {
                break;
            }
            if (!line.get().isBlank()) {
                rows.add(row(Terminal.read(source.place(), line.get(), JsonNode.class)));
            }
        }
        return rows;
    }

    private Map<String, Object> row(JsonNode line) {
        if (!line.isObject()) {
            throw QuernException.invalid(
                    source.place() + ": a row must be a JSON object, got " + line.getNodeType());
        }
        Map<String, Object> fields = new LinkedHashMap<>();
        line.properties().forEach(field -> fields.put(field.getKey(), field.getValue()));
        return fields;
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
