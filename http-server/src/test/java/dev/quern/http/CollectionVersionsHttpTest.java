package dev.quern.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class CollectionVersionsHttpTest extends WithServices {
    private static String collection(String name) {
        answer(201, server.post("/v1/collections", "{\"name\":\"" + name + "\",\"dims\":1}"));
        return "/v1/collections/" + name;
    }

    private static HttpResponse<String> put(String path, String json) {
        return server.put(path, json.getBytes(StandardCharsets.UTF_8));
    }

    private static void upsert(String path, String id) {
        String row = "{\"rows\":[{\"id\":\"" + id + "\",\"vector\":[1]}]}";
        answer(200, server.post(path + "/upsert", row));
    }

    private static List<String> ids(String path, String at) {
        List<String> ids = new ArrayList<>();
        String query = at.isEmpty() ? "" : "?at=" + at;
        answer(200, server.get(path + "/rows" + query))
                .path("rows")
                .forEach(row -> ids.add(row.path("id").asText()));
        String body = at.isEmpty() ? "" : ",\"at\":\"" + at + "\"";
        JsonNode found = answer(200, server.post(path + "/search", "{\"vector\":[1]" + body + "}"));
        assertThat(found.path("hits")).hasSize(ids.size());
        String count = at.isEmpty() ? "{}" : "{\"at\":\"" + at + "\"}";
        assertThat(answer(200, server.post(path + "/count", count)).path("count").asInt())
                .isEqualTo(ids.size());
        assertThat(answer(200, server.get(path + "/stats" + query)).path("rows").asInt())
                .isEqualTo(ids.size());
        assertThat(answer(200, server.get(path + query)).path("rows").asInt())
                .isEqualTo(ids.size());
        return ids;
    }

    @Test
    void snapshotsBranchesAndRollsBack() {
        String path = collection("docs");
        upsert(path, "a");
        JsonNode made = answer(201, server.post(path + "/snapshots", "{\"name\":\"first\"}"));
        assertThat(made.path("rows").asInt()).isEqualTo(1);
        assertThat(made.path("token").asLong()).isPositive();
        upsert(path, "b");
        assertThat(ids(path, "")).containsExactly("a", "b");
        assertThat(ids(path, "first")).containsExactly("a");
        answer(200, server.get(path + "/rows/a?at=first"));
        answer(404, server.get(path + "/rows/b?at=first"));
        assertThat(answer(200, server.get(path + "/snapshots")).path("snapshots"))
                .containsExactly(made);
        assertThat(answer(200, server.get(path + "/snapshots/first"))).isEqualTo(made);
        JsonNode branch =
                answer(201, server.post(path + "/branch", "{\"name\":\"old\",\"at\":\"first\"}"));
        assertThat(branch.path("rows").asInt()).isEqualTo(1);
        answer(201, server.post(path + "/branch", "{\"name\":\"new\"}"));
        upsert("/v1/collections/new", "c");
        assertThat(ids("/v1/collections/new", "")).containsExactly("a", "b", "c");
        assertThat(answer(200, server.post(path + "/rollback", "{\"to\":\"first\"}")).path("rows"))
                .hasToString("1");
        assertThat(ids(path, "")).containsExactly("a");
        assertThat(server.delete(path + "/snapshots/first").statusCode()).isEqualTo(204);
        answer(404, server.get(path + "/rows?at=first"));
        assertThat(ids("/v1/collections/old", "")).containsExactly("a");
    }

    @Test
    void namesCollections() {
        String path = collection("v1");
        collection("v2");
        upsert(path, "a");
        JsonNode alias = answer(200, put("/v1/aliases/live", "{\"collection\":\"v1\"}"));
        assertThat(alias).hasToString("{\"alias\":\"live\",\"collection\":\"v1\"}");
        assertThat(ids("/v1/collections/live", "")).containsExactly("a");
        assertThat(answer(200, server.get(path)).path("aliases")).hasToString("[\"live\"]");
        answer(200, put("/v1/aliases/live", "{\"collection\":\"v2\"}"));
        assertThat(ids("/v1/collections/live", "")).isEmpty();
        assertThat(answer(200, server.get(path)).has("aliases")).isFalse();
        assertThat(answer(200, server.get("/v1/aliases")).path("aliases")).hasSize(1);
        JsonNode renamed = answer(200, server.post(path + "/rename", "{\"to\":\"v3\"}"));
        assertThat(renamed.path("name").asText()).isEqualTo("v3");
        answer(404, server.get(path));
        assertThat(ids("/v1/collections/v3", "")).containsExactly("a");
        answer(409, server.delete("/v1/collections/live"));
        assertThat(server.delete("/v1/aliases/live").statusCode()).isEqualTo(204);
        answer(404, server.get("/v1/collections/live"));
    }

    @Test
    void refusesWhatMakesNoSense() {
        String path = collection("bad");
        answer(201, server.post(path + "/snapshots", "{\"name\":\"s\"}"));
        answer(409, server.post(path + "/snapshots", "{\"name\":\"s\"}"));
        answer(400, server.post(path + "/snapshots", "{\"name\":\"a b\"}"));
        answer(400, server.post(path + "/snapshots", "{}"));
        answer(404, server.get(path + "/snapshots/none"));
        answer(404, server.post(path + "/rollback", "{\"to\":\"none\"}"));
        answer(404, server.post(path + "/branch", "{\"name\":\"x\",\"at\":\"none\"}"));
        answer(409, server.post(path + "/branch", "{\"name\":\"bad\"}"));
        answer(400, server.post(path + "/branch", "{\"name\":\"/\"}"));
        answer(400, server.post(path + "/rename", "{\"to\":\"\"}"));
        answer(404, server.post("/v1/collections/none/rename", "{\"to\":\"x\"}"));
        answer(404, put("/v1/aliases/a", "{\"collection\":\"none\"}"));
        answer(409, put("/v1/aliases/bad", "{\"collection\":\"bad\"}"));
        answer(404, server.delete("/v1/aliases/none"));
        answer(404, server.get(path + "/rows?at=none"));
        answer(400, server.get(path + "/rows?at=a%20b"));
    }
}
