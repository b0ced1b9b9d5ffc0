package dev.quern.http;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// Reads answers as JSON.
final class JsonAnswer {
    private JsonAnswer() {}

    static JsonNode of(HttpResponse<String> answer) {
        return parse(answer.body());
    }

    static JsonNode parse(String json) {
        try {
            return Json.readTree(json.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(json, e);
        }
    }

    static List<JsonNode> lines(HttpResponse<String> answer) {
        return answer.body().lines().map(JsonAnswer::parse).toList();
    }
}
