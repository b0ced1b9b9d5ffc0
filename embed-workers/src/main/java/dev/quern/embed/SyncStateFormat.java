package dev.quern.embed;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.util.Optional;

/// The fact `embed, sync, COLLECTION_ID, VOLUME_ID`: JSON in UTF-8.
///
/// | field | value |
/// |---|---|
/// | `version` | 1; a reader refuses any other |
/// | `volume` | the volume's name |
/// | `done` | absent, or `{commit, glob, generation}` |
/// | `doing` | absent, or `{commit, glob, generation, after}`, `after` absent before the first file |
final class SyncStateFormat {
    private static final int VERSION = 1;
    private static final ObjectMapper JSON =
            JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

    private SyncStateFormat() {}

    static byte[] encode(SyncState state) {
        ObjectNode root = JSON.createObjectNode();
        root.put("version", VERSION);
        root.put("volume", state.volume());
        state.done().ifPresent(done -> root.set("done", point(done)));
        state.doing()
                .ifPresent(doing -> {
                    ObjectNode node = point(doing.target());
                    doing.after().ifPresent(after -> node.put("after", after));
                    root.set("doing", node);
                });
        try {
            return JSON.writeValueAsBytes(root);
        } catch (JsonProcessingException e) {
            throw QuernException.internal("sync state cannot be written", e);
        }
    }

    /// @param what names the fact, for the message
    /// @throws QuernException `CORRUPT` if the bytes are not of this form
    static SyncState decode(byte[] bytes, String what) {
        try {
            JsonNode root = JSON.readTree(bytes);
            if (root == null || root.path("version").asInt() != VERSION) {
                throw new IOException("version is not " + VERSION);
            }
            Optional<JsonNode> doing = Optional.ofNullable(root.get("doing"));
            return new SyncState(
                    text(root, "volume"),
                    Optional.ofNullable(root.get("done")).map(SyncStateFormat::point),
                    doing.map(SyncStateFormat::doing));
        } catch (IOException | IllegalArgumentException e) {
            throw QuernException.corrupt(what + " is no sync state: " + e.getMessage());
        }
    }

    private static ObjectNode point(IndexPoint point) {
        return JSON.createObjectNode()
                .put("commit", point.commit())
                .put("glob", point.glob())
                .put("generation", point.generation());
    }

    private static IndexPoint point(JsonNode node) {
        return new IndexPoint(text(node, "commit"), text(node, "glob"), text(node, "generation"));
    }

    private static SyncState.Doing doing(JsonNode node) {
        return new SyncState.Doing(
                point(node),
                node.has("after") ? Optional.of(text(node, "after")) : Optional.empty());
    }

    private static String text(JsonNode node, String field) {
        JsonNode value = node.path(field);
        if (!value.isTextual()) {
            throw new IllegalArgumentException("it has no " + field);
        }
        return value.asText();
    }
}
