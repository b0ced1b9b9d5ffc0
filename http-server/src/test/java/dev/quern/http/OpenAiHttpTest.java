package dev.quern.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The OpenAI-compatible routes, as its clients use them.
@Timeout(120)
final class OpenAiHttpTest extends WithServices {
    private static final String WITH_MODEL = "{\"model\":\"" + Services.MODEL + "\",\"input\":";

    private static JsonNode embed(String inputAndMore) {
        HttpResponse<String> answer =
                server.post("/v1/embeddings", WITH_MODEL + inputAndMore + "}");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return JsonAnswer.of(answer);
    }

    private static double norm(JsonNode vector) {
        double sum = 0;
        for (JsonNode value : vector) {
            sum += value.asDouble() * value.asDouble();
        }
        return Math.sqrt(sum);
    }

    @Test
    void embedsEveryFormOfInput() {
        JsonNode one = embed("\"hello world\"");
        assertThat(one.path("object").asText()).isEqualTo("list");
        assertThat(one.path("model").asText()).isEqualTo(Services.MODEL);
        assertThat(one.path("usage").path("prompt_tokens").asLong()).isEqualTo(4);
        assertThat(one.path("usage").path("total_tokens").asLong()).isEqualTo(4);
        JsonNode first = one.path("data").get(0);
        assertThat(first.path("object").asText()).isEqualTo("embedding");
        assertThat(first.path("index").asInt()).isZero();
        assertThat(first.path("embedding")).hasSize(384);
        assertThat(norm(first.path("embedding"))).isBetween(0.9999, 1.0001);
        JsonNode many = embed("[\"hello world\",\"x\"]");
        assertThat(many.path("data")).hasSize(2);
        assertThat(many.path("data").get(1).path("index").asInt()).isEqualTo(1);
        assertThat(embed("[101,7592,2088,102]").path("data")).hasSize(1);
        assertThat(embed("[[7592],[2088,102]],\"user\":\"me\"").path("data")).hasSize(2);
    }

    @Test
    void encodesAsBase64() {
        JsonNode numbers = embed("\"x\",\"encoding_format\":\"float\"").path("data").get(0);
        JsonNode text = embed("\"x\",\"encoding_format\":\"base64\"").path("data").get(0);
        ByteBuffer bytes =
                ByteBuffer.wrap(Base64.getDecoder().decode(text.path("embedding").asText()))
                        .order(ByteOrder.LITTLE_ENDIAN);
        assertThat(bytes.remaining()).isEqualTo(384 * 4);
        for (JsonNode number : numbers.path("embedding")) {
            assertThat(bytes.getFloat()).isEqualTo(number.floatValue());
        }
    }

    @Test
    void shortensVectors() {
        JsonNode vector = embed("\"x\",\"dimensions\":128").path("data").get(0).path("embedding");
        assertThat(vector).hasSize(128);
        assertThat(norm(vector)).isBetween(0.9999, 1.0001);
    }

    @Test
    void listsModels() {
        JsonNode list = JsonAnswer.of(server.get("/v1/models"));
        assertThat(list.path("object").asText()).isEqualTo("list");
        JsonNode model = list.path("data").get(0);
        assertThat(model.path("id").asText()).isEqualTo(Services.MODEL);
        assertThat(model.path("object").asText()).isEqualTo("model");
        assertThat(model.path("owned_by").asText()).isEqualTo("quern");
        assertThat(model.path("dims").asInt()).isEqualTo(384);
        for (String id :
                List.of(
                        Services.MODEL,
                        "sentence-transformers/" + Services.MODEL,
                        "sentence-transformers%2F" + Services.MODEL)) {
            assertThat(JsonAnswer.of(server.get("/v1/models/" + id))).isEqualTo(model);
        }
    }

    @Test
    void refusesAsOpenAiDoes() {
        for (String bad :
                List.of(
                        WITH_MODEL + "\"\"}",
                        WITH_MODEL + "[]}",
                        WITH_MODEL + "[\"a\",\"\"]}",
                        WITH_MODEL + "[[]]}",
                        WITH_MODEL + "[1000000000]}",
                        WITH_MODEL + "{\"a\":1}}",
                        WITH_MODEL + "\"x\",\"encoding_format\":\"hex\"}",
                        WITH_MODEL + "\"x\",\"dimensions\":0}",
                        WITH_MODEL + "\"x\",\"dimensions\":385}",
                        WITH_MODEL + "\"x\",\"temperature\":1}",
                        WITH_MODEL + "[" + "\"x\",".repeat(2048) + "\"x\"]}",
                        "{\"input\":\"x\"}",
                        "{",
                        "")) {
            HttpResponse<String> answer = server.post("/v1/embeddings", bad);
            assertThat(answer.statusCode()).as(bad).isEqualTo(400);
            JsonNode error = JsonAnswer.of(answer).path("error");
            assertThat(error.path("type").asText()).isEqualTo("invalid_request_error");
            assertThat(error.path("message").asText()).isNotEmpty();
            assertThat(error.has("param") && error.has("code")).isTrue();
        }
        for (HttpResponse<String> unknown :
                List.of(
                        server.post("/v1/embeddings", "{\"model\":\"gpt\",\"input\":\"x\"}"),
                        server.get("/v1/models/gpt"))) {
            assertThat(unknown.statusCode()).isEqualTo(404);
            assertThat(JsonAnswer.of(unknown).path("error").path("code").asText())
                    .isEqualTo("model_not_found");
        }
        HttpResponse<String> denied =
                server.send(
                        HttpRequest.newBuilder(server.request("/v1/models").build().uri())
                                .header("authorization", "Bearer wrong"));
        assertThat(denied.statusCode()).isEqualTo(401);
        assertThat(JsonAnswer.of(denied).path("error").path("code").asText())
                .isEqualTo("invalid_api_key");
    }
}
