package dev.quern.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.quern.common.QuernException;
import dev.quern.common.wire.ExportHead;
import dev.quern.common.wire.SchemaBody;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Rows of a JSON-lines file, read batch by batch; its first line may be the head of an exported
/// file.
final class RowLines implements AutoCloseable {
    private final LineSource source;
    private @Nullable JsonNode held;

    private RowLines(LineSource source) {
        this.source = source;
    }

    static RowLines open(String file) throws IOException {
        return new RowLines(
                file.equals("-") ? LineSource.standardInput() : LineSource.file(Path.of(file)));
    }

    /// The schema that the file begins with, before any row was read.
    Optional<SchemaBody> head() throws IOException {
        Optional<JsonNode> first = line();
        if (first.isPresent() && CollectionImport.isHead(first.get())) {
            return Optional.of(
                    Terminal.read(source.place(), first.get().toString(), ExportHead.class)
                            .schema());
        }
        held = first.orElse(null);
        return Optional.empty();
    }

    /// The next rows; their values as they stand.
    List<Map<String, Object>> next(int limit) throws IOException {
        return next(limit, Long.MAX_VALUE);
    }

    /// The next rows; their values as they stand.
    ///
    /// @param maxBytes of lines, about
    List<Map<String, Object>> next(int limit, long maxBytes) throws IOException {
        long end = source.readBytes() + Math.min(maxBytes, Long.MAX_VALUE / 2);
        List<Map<String, Object>> rows = new ArrayList<>();
        while (rows.size() < limit && source.readBytes() < end) {
            Optional<JsonNode> line = line();
            if (line.isEmpty()) {
                break;
            }
            rows.add(row(line.get()));
        }
        return rows;
    }

    private Optional<JsonNode> line() throws IOException {
        JsonNode ready = held;
        if (ready != null) {
            held = null;
            return Optional.of(ready);
        }
        Optional<String> line = source.next();
        while (line.isPresent() && line.get().isBlank()) {
            line = source.next();
        }
        return line.map(text -> Terminal.read(source.place(), text, JsonNode.class));
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
