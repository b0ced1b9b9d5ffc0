package dev.quern.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Modes, conditions, versions and times to live of rows, and the consistency of reads.
@Timeout(120)
final class RowWriteHttpTest extends WithServices {
    private static String collection(String name) {
        HttpResponse<String> made =
                server.post(
                        "/v1/collections",
                        "{\"name\":\"" + name + "\",\"dims\":2,\"schema\":{\"texts\":{\"t\":{}}}}");
        assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
        return "/v1/collections/" + name;
    }

    private static String row(String id, String more) {
        return "{\"id\":\"" + id + "\",\"vector\":[1,2]" + more + "}";
    }

    private static HttpResponse<String> upsert(String path, String more, String... rows) {
        return server.post(
                path + "/upsert", "{\"rows\":[" + String.join(",", rows) + "]" + more + "}");
    }

    @Test
    void modesSkipAndSaySo() {
        String path = collection("modes");
        ok(upsert(path, "", row("a", ",\"n\":1")));
        JsonNode insert =
                ok(upsert(path, ",\"mode\":\"insert\"", row("a", ",\"n\":2"), row("b", "")));
        assertThat(insert.path("upserted").asInt()).isEqualTo(1);
        assertThat(insert.path("skipped").asInt()).isEqualTo(1);
        assertThat(insert.path("skipped_ids").toString()).isEqualTo("[\"a\"]");
        JsonNode update =
                ok(
                        server.post(
                                path + "/upsert",
                                "{\"mode\":\"update\",\"columns\":{\"id\":[\"b\",\"c\"],"
                                        + "\"vector\":[[1,2],[3,4]],\"n\":[5,6]}}"));
        assertThat(update.path("skipped_ids").toString()).isEqualTo("[\"c\"]");
        assertThat(ok(server.get(path + "/rows/b")).path("attributes").toString())
                .isEqualTo("{\"n\":5}");
        assertThat(ok(upsert(path, "", row("a", ""))).has("skipped")).isFalse();
        refused(400, upsert(path, ",\"mode\":\"patch\"", row("a", "")), "upsert, insert or update");
    }

    @Test
    void patchesMergeAndNullRemoves() {
        String path = collection("patches");
        ok(upsert(path, "", row("a", ",\"n\":1,\"keep\":true,\"t\":\"mill\",\"text\":\"x\"")));
        JsonNode answer =
                ok(
                        server.post(
                                path + "/patch",
                                "{\"rows\":[{\"id\":\"a\",\"n\":2,\"t\":null,"
                                        + "\"attributes\":{\"keep\":null}},{\"id\":\"no\"}]}"));
        assertThat(answer.path("upserted").asInt()).isEqualTo(1);
        assertThat(answer.path("skipped").asInt()).isEqualTo(1);
        JsonNode row = ok(server.get(path + "/rows/a?include_version=true"));
        assertThat(row.path("attributes").toString()).isEqualTo("{\"n\":2}");
        assertThat(row.has("texts")).isFalse();
        assertThat(row.path("text").asText()).isEqualTo("x");
        assertThat(row.path("vector").size()).isEqualTo(2);
        assertThat(row.path("version").asLong()).isEqualTo(answer.path("token").asLong());
        ok(upsert(path, "", row("b", ",\"n\":7")));
        JsonNode all =
                ok(
                        server.post(
                                path + "/patch",
                                "{\"filter\":{\"eq\":[\"n\",7]},\"set\":{\"n\":null,\"z\":1}}"));
        assertThat(all.path("upserted").asInt()).isEqualTo(1);
        assertThat(ok(server.get(path + "/rows/b")).path("attributes").toString())
                .isEqualTo("{\"z\":1}");
        ok(server.post(path + "/patch", "{\"columns\":{\"id\":[\"a\",\"b\"],\"z\":[5,null]}}"));
        assertThat(ok(server.get(path + "/rows/b")).path("attributes").toString()).isEqualTo("{}");
        refused(400, server.post(path + "/patch", "{\"set\":{\"n\":1}}"), "go together");
        refused(400, server.post(path + "/patch", "{}"), "exactly one of");
        refused(
                400,
                server.post(
                        path + "/patch", "{\"filter\":{\"eq\":[\"z\",5]},\"set\":{\"id\":\"q\"}}"),
                "'set.id' is no field to set");
        refused(
                400,
                upsert(path, "", row("a", ",\"attributes\":{\"n\":null}")),
                "'rows[0].attributes.n' must not be null");
    }

    @Test
    void conditionsNameTheRow() {
        String path = collection("conditions");
        long first = ok(upsert(path, "", row("a", ""), row("b", ""))).path("token").asLong();
        refused(
                409,
                upsert(
                        path,
                        "",
                        row("a", ",\"if_version\":" + first),
                        row("b", ",\"if_absent\":true")),
                "row \"b\": expected no row, found version " + first);
        long second =
                ok(upsert(path, "", row("a", ",\"if_version\":" + first))).path("token").asLong();
        refused(
                409,
                server.post(
                        path + "/delete",
                        "{\"ids\":[\"b\",\"a\"],\"if_versions\":{\"a\":" + first + "}}"),
                "row \"a\": expected version " + first + ", found version " + second);
        JsonNode deleted =
                ok(
                        server.post(
                                path + "/delete",
                                "{\"ids\":[\"b\",\"a\"],\"if_versions\":{\"a\":" + second + "}}"));
        assertThat(deleted.path("deleted").asInt()).isEqualTo(2);
        refused(
                400,
                server.post(path + "/delete", "{\"ids\":[\"b\"],\"if_versions\":{\"a\":1}}"),
                "which is not in 'ids'");
        refused(400, upsert(path, "", row("a", ",\"if_version\":-1")), "must not be below 0");
        refused(400, upsert(path, "", row("a", ",\"version\":3")), "'rows[0].version'");
        ok(upsert(path, "", row("a", ",\"attributes\":{\"version\":3}")));
    }

    @Test
    void versionsAreShownOnRequest() {
        String path = collection("versions");
        long token = ok(upsert(path, ",\"ttl\":1000", row("a", ""))).path("token").asLong();
        String search = "{\"vector\":[1,2]";
        JsonNode hit = ok(server.post(path + "/search", search + "}")).path("hits").get(0);
        assertThat(hit.has("version")).isFalse();
        assertThat(hit.has("expires_at")).isFalse();
        hit =
                ok(server.post(path + "/search", search + ",\"include_version\":true}"))
                        .path("hits")
                        .get(0);
        assertThat(hit.path("version").asLong()).isEqualTo(token);
        assertThat(hit.path("expires_at").asText()).endsWith("Z");
        JsonNode row = ok(server.get(path + "/rows")).path("rows").get(0);
        assertThat(row.has("version")).isFalse();
        row = ok(server.get(path + "/rows?include_version=true")).path("rows").get(0);
        assertThat(row.path("version").asLong()).isEqualTo(token);
    }

    @Test
    void rowsExpire() {
        String path = collection("expiry");
        ok(
                upsert(
                        path,
                        ",\"ttl\":1000",
                        row("gone", ",\"expires_at\":\"2020-01-01T00:00:00+02:00\""),
                        row("a", ",\"ttl\":50"),
                        row("b", "")));
        assertThat(ok(server.post(path + "/count", "{}")).path("count").asInt()).isEqualTo(2);
        assertThat(server.get(path + "/rows/gone").statusCode()).isEqualTo(404);
        refused(400, upsert(path, "", row("a", ",\"ttl\":0")), "'ttl' must be 1 to");
        refused(
                400,
                upsert(path, "", row("a", ",\"expires_at\":\"soon\"")),
                "'expires_at' must be a time such as");
        refused(
                400,
                upsert(path, "", row("a", ",\"ttl\":5,\"expires_at\":\"2020-01-01T00:00:00Z\"")),
                "exclude each other");
    }

    @Test
    void readsChooseTheirConsistency() {
        String path = collection("consistency");
        long token = ok(upsert(path, "", row("a", ""))).path("token").asLong();
        assertThat(
                        ok(server.post(path + "/count", "{\"at_least\":" + token + "}"))
                                .path("count")
                                .asInt())
                .isEqualTo(1);
        ok(server.post(path + "/count", "{\"consistency\":\"eventual\"}"));
        ok(server.post(path + "/search", "{\"vector\":[1,2],\"consistency\":\"eventual\"}"));
        ok(server.get(path + "/rows?consistency=eventual"));
        ok(server.get(path + "/rows/a?at_least=" + token));
        refused(
                400,
                server.get(path + "/rows/a?at_least=999999999"),
                "'at_least' must be the token of a write");
        refused(
                400,
                server.post(path + "/count", "{\"at_least\":1,\"consistency\":\"strong\"}"),
                "exclude each other");
        refused(
                400,
                server.get(path + "/rows?consistency=weak"),
                "'consistency' must be strong or eventual");
    }
}
