package dev.quern.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Collections, rows, searches and syncs over HTTP, on the real services.
@Timeout(120)
final class CollectionsHttpTest extends WithServices {
    private static String collection(String name, String more) {
        HttpResponse<String> made =
                server.post("/v1/collections", "{\"name\":\"" + name + "\"," + more + "}");
        assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
        return "/v1/collections/" + name;
    }

    @Test
    void createsListsAndDeletesCollections() {
        String path = collection("made", "\"dims\":3,\"metric\":\"l2\"");
        JsonNode body = ok(server.get(path));
        assertThat(body.path("dims").asInt()).isEqualTo(3);
        assertThat(body.path("metric").asText()).isEqualTo("l2");
        assertThat(body.path("rows").asLong()).isZero();
        assertThat(body.has("model")).isFalse();
        assertThat(ok(server.get("/v1/collections")).path("collections")).contains(body);
        assertThat(server.post("/v1/collections", "{\"name\":\"made\",\"dims\":3}").statusCode())
                .isEqualTo(409);
        assertThat(
                        server.post(
                                        "/v1/collections",
                                        "{\"name\":\"made\",\"dims\":3,\"metric\":\"l2\","
                                                + "\"if_not_exists\":true}")
                                .statusCode())
                .isEqualTo(200);
        assertThat(server.delete(path).statusCode()).isEqualTo(204);
        assertThat(server.get(path).statusCode()).isEqualTo(404);
    }

    @Test
    void refusesWrongShapes() {
        for (String bad :
                List.of(
                        "{\"name\":\"x\"}",
                        "{\"name\":\"x\",\"dims\":0}",
                        "{\"name\":\"x\",\"dims\":16385}",
                        "{\"name\":\"x\",\"dims\":3,\"metric\":\"euclid\"}",
                        "{\"name\":\"x\",\"dims\":3,\"model\":\"" + Services.MODEL + "\"}",
                        "{\"name\":\"..\",\"dims\":3}")) {
            HttpResponse<String> answer = server.post("/v1/collections", bad);
            assertThat(answer.statusCode()).as(bad).isEqualTo(400);
        }
        assertThat(
                        server.post("/v1/collections", "{\"name\":\"x\",\"model\":\"nope\"}")
                                .statusCode())
                .isEqualTo(404);
    }

    @Test
    void collectionsHaveManyFields() {
        String path =
                collection(
                        "many",
                        "\"schema\":{\"vectors\":{\"a\":{\"dims\":2,\"metric\":\"l2\"},\"b\":{\"dims\":1,"
                                + "\"metric\":\"dot\"}},\"texts\":{\"title\":{\"analyzer\":\"german\"}},"
                                + "\"attributes\":{\"when\":\"datetime\",\"scores\":\"int64[]\"}}");
        JsonNode upsert =
                ok(
                        server.post(
                                path + "/upsert",
                                "{\"rows\":[{\"id\":\"x\",\"vectors\":{\"a\":[1,2],\"b\":[3]},"
                                        + "\"texts\":{\"title\":\"die M\u00fchlen mahlen\"},"
                                        + "\"attributes\":{\"when\":\"2026-11-22\",\"scores\":[1,2],"
                                        + "\"meta\":{\"a\":[null,{}]}}},"
                                        + "{\"id\":\"y\",\"vectors\":{\"b\":[1]}}]}"));
        assertThat(upsert.path("upserted").asInt()).isEqualTo(2);
        JsonNode row = ok(server.get(path + "/rows/x"));
        assertThat(row.path("vectors").path("a")).hasSize(2);
        assertThat(row.path("texts").path("title").asText()).startsWith("die M");
        assertThat(row.path("attributes").path("when").asText()).isEqualTo("2026-11-22T00:00:00Z");
        assertThat(row.path("attributes").path("meta").toString()).isEqualTo("{\"a\":[null,{}]}");
        JsonNode hits =
                ok(server.post(
                                path + "/search",
                                "{\"legs\":[{\"dense\":{\"field\":\"b\",\"vector\":[1]},\"weight\":2},"
                                        + "{\"bm25\":{\"text\":\"M\u00fchle\",\"fields\":{\"title\":3}}}],"
                                        + "\"fusion\":{\"method\":\"weighted\"},"
                                        + "\"filter\":{\"contains\":[\"scores\",2]},"
                                        + "\"include_vector\":true}"))
                        .path("hits");
        assertThat(hits).hasSize(1);
        assertThat(hits.get(0).path("score").asDouble()).isEqualTo(3.0);
        assertThat(hits.get(0).path("vectors").path("b").get(0).asDouble()).isEqualTo(3.0);
        String phrase = "{\"legs\":[{\"bm25\":{\"query\":\"\\\"die M\u00fchlen\\\" -wind\"}}]}";
        assertThat(ok(server.post(path + "/search", phrase)).path("hits")).hasSize(1);
        JsonNode grown =
                ok(server.patch(path, "{\"attributes\":{\"year\":\"int64\"},\"strict\":true}"));
        assertThat(grown.path("schema").path("attributes").path("year").asText())
                .isEqualTo("int64");
        assertThat(grown.path("schema").path("attributes").path("meta").asText()).isEqualTo("json");
        assertThat(grown.path("schema").path("strict").asBoolean()).isTrue();
        assertThat(grown.has("dims")).isFalse();
        assertThat(server.patch(path, "{\"attributes\":{\"year\":\"string\"}}").statusCode())
                .isEqualTo(409);
        for (String bad :
                List.of(
                        "{\"attributes\":{\"z\":\"varchar\"}}",
                        "{\"texts\":{\"z\":{\"analyzer\":\"klingon\"}}}",
                        "{\"vectors\":{\"z\":{}}}",
                        "{\"vectors\":{\"title\":{\"dims\":3}}}")) {
            assertThat(server.patch(path, bad).statusCode()).as(bad).isEqualTo(400);
        }
        for (String bad :
                List.of(
                        "{\"legs\":[]}",
                        "{\"legs\":[{}]}",
                        "{\"legs\":[{\"dense\":{\"field\":\"b\",\"vector\":[1]}}],\"text\":\"x\"}",
                        "{\"legs\":[{\"dense\":{\"field\":\"c\",\"vector\":[1]}}]}",
                        "{\"legs\":[{\"dense\":{\"field\":\"b\",\"text\":\"no model\"}}]}",
                        "{\"legs\":[{\"bm25\":{\"text\":\"x\"}}],\"fusion\":{\"method\":\"best\"}}",
                        "{\"legs\":[{\"bm25\":{}}]}",
                        "{\"legs\":[{\"bm25\":{\"text\":\"x\",\"query\":\"x\"}}]}",
                        "{\"legs\":[{\"bm25\":{\"query\":\"a \\\"b\"}}]}",
                        "{\"vector\":[1]}")) {
            assertThat(server.post(path + "/search", bad).statusCode()).as(bad).isEqualTo(400);
        }
    }

    @Test
    void tellsHowRowsAreIndexed() {
        String path = collection("indexed", "\"dims\":1");
        ok(server.post(path + "/upsert", "{\"rows\":[{\"id\":\"a\",\"vector\":[1]}]}"));
        JsonNode stats = ok(server.get(path + "/stats"));
        assertThat(stats.path("rows").asLong()).isEqualTo(1);
        assertThat(stats.path("segments").asInt()).isEqualTo(1);
        assertThat(stats.path("vectors").path("vector").path("rows").asLong()).isEqualTo(1);
        assertThat(stats.path("vectors").path("vector").path("fused_rows").asLong()).isZero();
        assertThat(ok(server.post(path + "/merge", "")).path("merging").asBoolean()).isFalse();
        assertThat(server.get("/v1/collections/nope/stats").statusCode()).isEqualTo(404);
        assertThat(server.post("/v1/collections/nope/merge", "").statusCode()).isEqualTo(404);
        String wide = "{\"legs\":[{\"dense\":{\"vector\":[1],\"width\":%d}}]}";
        assertThat(ok(server.post(path + "/search", wide.formatted(500))).path("hits")).hasSize(1);
        assertThat(server.post(path + "/search", wide.formatted(65_537)).statusCode())
                .isEqualTo(400);
    }

    @Test
    void pagesCountsAndExplains() {
        String path = collection("paged", "\"dims\":1,\"metric\":\"l2\"");
        ok(
                server.post(
                        path + "/upsert",
                        "{\"rows\":[{\"id\":\"a\",\"vector\":[1],\"text\":\"mill\",\"attributes\":{\"n\":1,\"m\":2}},"
                                + "{\"id\":\"b\",\"vector\":[2],\"attributes\":{\"n\":2}},"
                                + "{\"id\":\"c\",\"vector\":[3],\"attributes\":{\"n\":3}}]}"));
        String query = "{\"vector\":[0],\"limit\":2,\"fields\":[\"n\"]";
        JsonNode first = ok(server.post(path + "/search", query + "}"));
        assertThat(first.path("rows").asLong()).isEqualTo(3);
        assertThat(first.has("partial")).isFalse();
        assertThat(first.has("plans")).isFalse();
        assertThat(first.path("hits").get(0).path("attributes").toString()).isEqualTo("{\"n\":1}");
        assertThat(first.path("hits").get(0).has("text")).isFalse();
        String after = ",\"after\":\"" + first.path("next").asText() + "\"}";
        JsonNode second = ok(server.post(path + "/search", query + after));
        assertThat(second.path("hits")).hasSize(1);
        assertThat(second.path("hits").get(0).path("id").asText()).isEqualTo("c");
        assertThat(second.has("next")).isFalse();
        JsonNode explained =
                ok(
                        server.post(
                                path + "/search",
                                "{\"vector\":[0],\"text\":\"mill\",\"explain\":true,\"timeout_ms\":60000}"));
        assertThat(explained.path("plans")).hasSize(2);
        assertThat(explained.path("plans").get(0).path("strategy").asText()).isEqualTo("exact");
        assertThat(explained.path("hits").get(0).path("legs").get(1).path("rank").asInt())
                .isEqualTo(1);
        assertThat(explained.path("hits").get(1).path("legs").get(1).has("rank")).isFalse();
        assertThat(ok(server.post(path + "/count", "{}")).path("count").asLong()).isEqualTo(3);
        assertThat(
                        ok(server.post(path + "/count", "{\"filter\":{\"in\":[\"n\",[2,3]]}}"))
                                .path("count")
                                .asLong())
                .isEqualTo(2);
        for (String bad :
                List.of(
                        "\"after\":\"x\"",
                        "\"timeout_ms\":0",
                        "\"timeout_ms\":600001",
                        "\"fields\":[\"nose\"]",
                        "\"exclude\":[\"nose\"]")) {
            assertThat(server.post(path + "/search", "{\"vector\":[0]," + bad + "}").statusCode())
                    .as(bad)
                    .isEqualTo(400);
        }
    }

    @Test
    void writesReadsSearchesAndDeletesRows() {
        String path = collection("rows", "\"dims\":2");
        JsonNode upsert =
                ok(
                        server.post(
                                path + "/upsert",
                                "{\"rows\":["
                                        + "{\"id\":\"docs/a.md#0\",\"vector\":[1,0],\"text\":\"a mill"
                                        + " grinds grain\",\"attributes\":{\"n\":1,\"tags\":[\"x\",\"y\"],\"f\":0.5,\"b\":true}},"
                                        + "{\"id\":\"b\",\"vector\":[0,1],\"text\":\"tomatoes\","
                                        + "\"attributes\":{\"n\":2}}]}"));
        assertThat(upsert.path("upserted").asInt()).isEqualTo(2);
        JsonNode row = ok(server.get(path + "/rows/docs%2Fa.md%230"));
        assertThat(row.path("id").asText()).isEqualTo("docs/a.md#0");
        assertThat(row.path("attributes").path("n").asLong()).isEqualTo(1);
        assertThat(row.path("attributes").path("tags")).hasSize(2);
        assertThat(row.path("attributes").path("f").asDouble()).isEqualTo(0.5);
        assertThat(row.path("vector")).hasSize(2);
        JsonNode dense = ok(server.post(path + "/search", "{\"vector\":[0.1,1],\"limit\":1}"));
        assertThat(dense.path("mode").asText()).isEqualTo("dense");
        assertThat(dense.path("hits").get(0).path("id").asText()).isEqualTo("b");
        assertThat(dense.path("hits").get(0).has("vector")).isFalse();
        JsonNode bm25 =
                ok(
                        server.post(
                                path + "/search",
                                "{\"text\":\"grinding\",\"mode\":\"bm25\",\"include_vector\":true}"));
        assertThat(bm25.path("hits")).hasSize(1);
        assertThat(bm25.path("hits").get(0).path("vector")).hasSize(2);
        JsonNode filtered =
                ok(
                        server.post(
                                path + "/search",
                                "{\"vector\":[1,0],\"filter\":{\"range\":[\"n\",{\"gte\":2}]}}"));
        assertThat(filtered.path("hits")).hasSize(1);
        JsonNode first = ok(server.get(path + "/rows?limit=1&include_vector=true"));
        assertThat(first.path("rows").get(0).path("id").asText()).isEqualTo("b");
        assertThat(first.path("rows").get(0).path("vector")).hasSize(2);
        JsonNode rest = ok(server.get(path + "/rows?after=" + first.path("next").asText()));
        assertThat(rest.path("rows").get(0).path("id").asText()).isEqualTo("docs/a.md#0");
        assertThat(rest.has("next")).isFalse();
        assertThat(
                        ok(server.post(path + "/delete", "{\"ids\":[\"b\",\"nope\"]}"))
                                .path("deleted")
                                .asInt())
                .isEqualTo(1);
        assertThat(
                        ok(server.post(path + "/delete", "{\"filter\":{\"eq\":[\"n\",1]}}"))
                                .path("deleted")
                                .asInt())
                .isEqualTo(1);
        assertThat(server.get(path + "/rows/b").statusCode()).isEqualTo(404);
    }

    @Test
    void refusesWrongRowsAndSearches() {
        String path = collection("strict", "\"dims\":4");
        for (String row :
                List.of(
                        "{\"id\":\"a\",\"vector\":[1,2,3]}",
                        "{\"id\":\"a\",\"vector\":[0,0,0,0]}",
                        "{\"id\":\"a\"}",
                        "{\"id\":\"a\",\"vector\":[1,2,3,4],\"attributes\":{\"x\":null}}",
                        "{\"id\":\"a\",\"vector\":[1,2,3,4],\"attributes\":1}",
                        "{\"vector\":[1,2,3,4]}")) {
            HttpResponse<String> answer = server.post(path + "/upsert", "{\"rows\":[" + row + "]}");
            assertThat(answer.statusCode()).as(row).isEqualTo(400);
        }
        assertThat(server.post(path + "/upsert", "{\"rows\":[]}").body()).contains("1 to 10000");
        for (String search :
                List.of(
                        "{}",
                        "{\"vector\":[1,2]}",
                        "{\"vector\":[1,2,3,4],\"limit\":0}",
                        "{\"vector\":[1,2,3,4],\"limit\":1001}",
                        "{\"vector\":[1,2,3,4],\"mode\":\"psychic\"}",
                        "{\"vector\":[1,2,3,4],\"filter\":{\"equals\":[\"a\",1]}}",
                        "{\"text\":\"x\",\"mode\":\"dense\"}")) {
            HttpResponse<String> answer = server.post(path + "/search", search);
            assertThat(answer.statusCode()).as(search).isEqualTo(400);
        }
        for (String delete :
                List.of("{}", "{\"ids\":[],\"filter\":{}}", "{\"filter\":{\"nope\":1}}")) {
            assertThat(server.post(path + "/delete", delete).statusCode()).isEqualTo(400);
        }
        assertThat(server.post("/v1/collections/nope/search", "{\"vector\":[1]}").statusCode())
                .isEqualTo(404);
        assertThat(server.get(path + "/rows?limit=1001").statusCode()).isEqualTo(400);
    }

    @Test
    void embedsTextAndSyncsAVolume() {
        String path = collection("texts", "\"model\":\"" + Services.MODEL + "\"");
        server.post("/v1/volumes", "{\"name\":\"docs\"}");
        for (String name : List.of("mill", "tomato")) {
            String text =
                    name.equals("mill")
                            ? "# Mill\n\nGrain is ground to flour."
                            : "# Garden\n\nTomatoes need sun.";
            server.put(
                    "/v1/volumes/docs/files/" + name + ".md?commit=true",
                    text.getBytes(StandardCharsets.UTF_8));
        }
        HttpResponse<String> sync = server.post(path + "/sync", "{\"volume\":\"docs\"}");
        assertThat(sync.statusCode()).as(sync.body()).isEqualTo(200);
        assertThat(sync.headers().firstValue("content-type")).hasValue("application/x-ndjson");
        JsonNode done = JsonAnswer.lines(sync).getLast();
        assertThat(done.path("type").asText()).isEqualTo("done");
        assertThat(done.path("files_done").asLong()).isEqualTo(2);
        JsonNode hits =
                ok(server.post(path + "/search", "{\"text\":\"making bread flour\"}")).path("hits");
        assertThat(hits.get(0).path("attributes").path("path").asText()).isEqualTo("mill.md");
        assertThat(
                        ok(server.post(
                                        path + "/upsert",
                                        "{\"rows\":[{\"id\":\"z\",\"text\":\"z\"}]}"))
                                .path("upserted")
                                .asInt())
                .isEqualTo(1);
        HttpResponse<String> unknown = server.post(path + "/sync", "{\"volume\":\"nope\"}");
        assertThat(unknown.statusCode()).isEqualTo(404);
        assertThat(unknown.body()).contains("nope");
        assertThat(server.post(path + "/sync", "{\"volume\":\"docs\",\"at\":\"x\"}").statusCode())
                .isIn(400, 404);
    }
}
