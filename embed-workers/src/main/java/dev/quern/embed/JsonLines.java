package dev.quern.embed;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.quern.common.ByteSize;
import dev.quern.common.Names;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Reads lines of JSON objects: `text` is embedded, under `title` if there is one; `_id` (a string
/// or a whole number), else the line's number, names the passage. A text longer than the window
/// gives further passages, named `_id#2`, `_id#3` and so on. A line that is not such an object is
/// skipped and reported; the others are read all the same. Blank lines are nothing.
///
/// Serves one file.
final class JsonLines {
    /// The longest line.
    static final ByteSize MAX_LINE = ByteSize.ofMebibytes(1);

    private static final ObjectMapper JSON =
            new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private final TextSplitter splitter;
    private final PassageSink sink;
    private final Set<String> keys = new HashSet<>();
    private byte[] line = new byte[4 << 10];

    JsonLines(TextSplitter splitter, PassageSink sink) {
        this.splitter = splitter;
        this.sink = sink;
    }

    /// Reads a stream to its end, or to the bound on passages.
    void read(InputStream stream) throws IOException {
        boolean more = true;
        for (int number = 1; more; number++) {
            int length = 0;
            int b = stream.read();
            while (b >= 0 && b != '\n') {
                if (length < MAX_LINE.bytes()) {
                    line = length == line.length ? Arrays.copyOf(line, length * 2) : line;
                    line[length] = (byte) b;
                }
                length++;
                b = stream.read();
            }
            more = b >= 0;
            if (keys.size() >= TextSplitter.MAX_PASSAGES && length > 0) {
                sink.skippedFrom(
                        number, "more than " + keys.size() + " passages: the rest is left out");
                return;
            }
            if (length > MAX_LINE.bytes()) {
                sink.skippedFrom(number, "line is longer than " + MAX_LINE);
            } else {
                line(number, length);
            }
        }
    }

    private void line(int number, int length) {
        int from = number == 1 && startsWithMark(length) ? 3 : 0;
        String json;
        try {
            ByteBuffer bytes = ByteBuffer.wrap(line, from, length - from);
            json = StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException e) {
            sink.skippedFrom(number, "line is not UTF-8");
            return;
        }
        if (json.isBlank()) {
            return;
        }
        JsonNode object;
        try {
            object = JSON.readTree(json);
        } catch (JsonProcessingException e) {
            sink.skippedFrom(
                    number, "line is not JSON: " + Names.abbreviate(e.getOriginalMessage()));
            return;
        }
        Optional<String> problem = problem(object);
        if (problem.isPresent()) {
            sink.skippedFrom(number, problem.get());
        } else {
            passages(number, object);
        }
    }

    private static Optional<String> problem(JsonNode object) {
        if (!object.isObject()) {
            return Optional.of("line is not a JSON object");
        }
        JsonNode text = object.path("text");
        if (!text.isTextual()) {
            return Optional.of(
                    text.isMissingNode() ? "line has no \"text\"" : "\"text\" is not a string");
        }
        return text.asText().isBlank() ? Optional.of("\"text\" is empty") : Optional.empty();
    }

    private void passages(int number, JsonNode object) {
        JsonNode id = object.path("_id");
        boolean named = (id.isTextual() && !id.asText().isEmpty()) || id.isIntegralNumber();
        String key = named ? id.asText() : String.valueOf(number);
        if (!keys.add(key)) {
            sink.skippedFrom(
                    number, "an earlier line has the id \"" + Names.abbreviate(key) + "\" too");
            return;
        }
        JsonNode titleNode = object.path("title");
        Optional<String> title =
                Optional.of(titleNode.isTextual() ? wellFormed(titleNode).strip() : "")
                        .filter(text -> !text.isEmpty());
        List<Passage> passages =
                splitter.splitTitled(number, title, wellFormed(object.path("text"))).passages();
        int window = 1;
        for (Passage passage : passages) {
            String windowKey = window == 1 ? key : key + "#" + window;
            if (window == 1 || keys.add(windowKey)) {
                sink.passage(windowKey, passage);
            }
            window++;
        }
    }

    /// JSON can escape half a surrogate pair, which no UTF-8 can store.
    private static String wellFormed(JsonNode text) {
        return new String(text.asText().getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
    }

    private boolean startsWithMark(int length) {
        return length >= 3
                && line[0] == (byte) 0xEF
                && line[1] == (byte) 0xBB
                && line[2] == (byte) 0xBF;
    }
}
