package dev.quern.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class StorageHttpTest {
    private final TestServer server =
            TestServer.of(new StorageRoutes(new FakeStorage()).routes().toArray(Route[]::new));

    @AfterEach
    void close() {
        server.close();
    }

    private HttpResponse<String> get(String path, String token) {
        return server.send(server.request(path, token));
    }

    private HttpResponse<String> post(String path, String token, String json) {
        return server.send(
                server.request(path, token)
                        .header("content-type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(json)));
    }

    @Test
    void anOperatorMayLookAndAct() {
        assertThat(get("/v1/storage", TestServer.OPERATOR).body())
                .contains("\"chunks\":1")
                .contains("\"dead_bytes\":2");
        assertThat(post("/v1/storage/gc", TestServer.OPERATOR, "{}").body())
                .contains("\"dry_run\":false")
                .contains("\"problem\":\"default\"");
        assertThat(
                        post(
                                        "/v1/storage/gc",
                                        TestServer.OPERATOR,
                                        "{\"grace_seconds\": 0.5, \"dry_run\": true}")
                                .body())
                .contains("\"dry_run\":true")
                .contains("\"problem\":\"PT0.5S\"");
        assertThat(post("/v1/storage/compact", TestServer.OPERATOR, "").body())
                .contains("\"bytes_freed\":4");
        assertThat(post("/v1/storage/fsck", TestServer.OPERATOR, "").body())
                .contains("\"clean\":true");
        assertThat(get("/v1/storage/chunks/ab", TestServer.OPERATOR).body())
                .contains("\"uses\":[\"ab\"]");
        assertThat(post("/v1/storage/repair", TestServer.OPERATOR, "").statusCode()).isEqualTo(409);
    }

    @Test
    void anOperatorMayBackUpAndRotate() {
        String place = "{\"to\": \"file:///b\"}";
        assertThat(post("/v1/storage/backup", TestServer.OPERATOR, place).body())
                .contains("\"id\":\"file:///b\"")
                .contains("\"new_bytes\":10")
                .contains("\"state_hash\":\"000");
        assertThat(get("/v1/storage/backups?to=s3://b/p", TestServer.OPERATOR).body())
                .contains("\"backups\":[{\"id\":\"s3://b/p\"");
        assertThat(post("/v1/storage/rotate-key", TestServer.OPERATOR, "").body())
                .isEqualTo("{\"space\":\"default\",\"key_id\":2}");
        assertThat(post("/v1/storage/rotate-key", TestServer.OPERATOR, "{\"space\":\"a\"}").body())
                .contains("\"space\":\"a\"");
        assertThat(
                        post(
                                        "/v1/storage/repair",
                                        TestServer.OPERATOR,
                                        "{\"from\": \"s3://b\", \"backup\": \"x\"}")
                                .body())
                .contains("[\"s3://b\",\"x\"]");
    }

    @Test
    void anOperatorMayWatchAndCancel() {
        assertThat(get("/v1/storage/operations", TestServer.OPERATOR).body())
                .contains("\"running\":[{\"id\":\"gc-1\",\"kind\":\"gc\",\"state\":\"running\"")
                .contains(
                        "\"phase\":\"sweep default\",\"unit\":\"chunks\",\"done\":3,\"started_at\"")
                .contains("\"total\":10")
                .contains("\"ended_at\":\"2026-03-04T05:16:07Z\",\"error\":\"disk full\"");
        HttpResponse<String> cancelled = delete("gc-1", TestServer.OPERATOR);
        assertThat(cancelled.statusCode()).isEqualTo(200);
        assertThat(cancelled.body()).contains("\"state\":\"cancelling\"");
        for (String unknown : List.of("gc-2", "1", "%2e%2e", "gc-1%00")) {
            HttpResponse<String> reply = delete(unknown, TestServer.OPERATOR);
            assertThat(reply.statusCode()).as(unknown).isEqualTo(404);
            assertThat(reply.body()).contains("\"NOT_FOUND\"");
        }
        assertThat(delete("gc-1?force=1", TestServer.OPERATOR).statusCode()).isEqualTo(400);
    }

    private HttpResponse<String> delete(String operation, String token) {
        return deleteAt("operations/" + operation, token);
    }

    private HttpResponse<String> deleteAt(String path, String token) {
        return server.send(server.request("/v1/storage/" + path, token).DELETE());
    }

    @Test
    void anOperatorMayRemoveOldBackups() {
        String path = "/v1/storage/prune-backups";
        assertThat(post(path, TestServer.OPERATOR, "{\"from\": \"file:///b\", \"keep\": 2}").body())
                .contains("\"dry_run\":false,\"kept\":[{\"id\":\"file:///b\",\"created\":\"none\"")
                .contains("\"removed\":[],\"files\":2,\"bytes\":9");
        String all =
                "{\"from\": \"s3://b\", \"keep\": 1, \"keep_within_seconds\": 0.5, \"dry_run\": true}";
        assertThat(post(path, TestServer.OPERATOR, all).body())
                .contains("\"dry_run\":true")
                .contains("PT0.5S");
        for (String bad :
                List.of(
                        "{\"keep\": 1}",
                        "{\"from\": \"s3://b\", \"keep\": \"all\"}",
                        "{\"from\": \"s3://b\", \"keep\": 1, \"keep_within_seconds\": -1}",
                        "{\"from\": \"s3://b\", \"keep\": 1, \"keep_within_seconds\": 1e10}",
                        "{\"to\": \"s3://b\", \"keep\": 1}")) {
            assertThat(post(path, TestServer.OPERATOR, bad).statusCode()).as(bad).isEqualTo(400);
        }
    }

    @Test
    void anOperatorMayForgetAMember() {
        assertThat(get("/v1/storage/members", TestServer.OPERATOR).body())
                .isEqualTo(
                        "{\"members\":[{\"id\":\"a1\",\"own\":true,\"running\":true,"
                                + "\"seen_at\":\"2026-03-04T05:06:07Z\"},"
                                + "{\"id\":\"b2\",\"own\":false,\"running\":false}]}");
        assertThat(deleteAt("members/b2", TestServer.OPERATOR).statusCode()).isEqualTo(204);
        assertThat(deleteAt("members/a1", TestServer.OPERATOR).statusCode()).isEqualTo(409);
        assertThat(deleteAt("members/c3", TestServer.OPERATOR).statusCode()).isEqualTo(404);
        assertThat(deleteAt("members/b2?force=1", TestServer.OPERATOR).statusCode()).isEqualTo(400);
        assertThat(deleteAt("members/b2", TestServer.TOKEN).statusCode()).isEqualTo(403);
        assertThat(get("/v1/storage/members", TestServer.TOKEN).statusCode()).isEqualTo(403);
    }

    @Test
    void othersAreDenied() {
        for (String path :
                List.of(
                        "gc",
                        "compact",
                        "fsck",
                        "repair",
                        "backup",
                        "prune-backups",
                        "rotate-key")) {
            HttpResponse<String> reply = post("/v1/storage/" + path, TestServer.TOKEN, "{}");
            assertThat(reply.statusCode()).isEqualTo(403);
            assertThat(reply.body()).contains("\"DENIED\"").contains("operator");
        }
        assertThat(get("/v1/storage", TestServer.TOKEN).statusCode()).isEqualTo(403);
        assertThat(get("/v1/storage/backups?to=file:///b", TestServer.TOKEN).statusCode())
                .isEqualTo(403);
        assertThat(get("/v1/storage/chunks/ab", TestServer.TOKEN).statusCode()).isEqualTo(403);
        assertThat(get("/v1/storage/operations", TestServer.TOKEN).statusCode()).isEqualTo(403);
        HttpResponse<String> denied = delete("gc-1", TestServer.TOKEN);
        assertThat(denied.statusCode()).isEqualTo(403);
        assertThat(denied.body()).contains("\"DENIED\"");
        assertThat(get("/v1/storage", "wrong").statusCode()).isEqualTo(401);
    }

    @Test
    void badInputIsNamed() {
        for (String grace : List.of("-1", "1e12", "\"1h\"")) {
            HttpResponse<String> reply =
                    post(
                            "/v1/storage/gc",
                            TestServer.OPERATOR,
                            "{\"grace_seconds\": " + grace + "}");
            assertThat(reply.statusCode()).as(grace).isEqualTo(400);
            assertThat(reply.body()).contains("grace_seconds");
        }
        assertThat(post("/v1/storage/gc", TestServer.OPERATOR, "{\"grace\": 1}").body())
                .contains("grace");
        assertThat(post("/v1/storage/backup", TestServer.OPERATOR, "{}").body()).contains("to");
        assertThat(get("/v1/storage/backups", TestServer.OPERATOR).body()).contains("'to'");
        assertThat(post("/v1/storage/repair", TestServer.OPERATOR, "{\"backup\": \"x\"}").body())
                .contains("'from'");
        assertThat(post("/v1/storage/rotate-key", TestServer.OPERATOR, "{\"spaces\": 1}").body())
                .contains("spaces");
        assertThat(get("/v1/storage?x=1", TestServer.OPERATOR).statusCode()).isEqualTo(400);
        assertThat(get("/v1/storage/gc", TestServer.OPERATOR).statusCode()).isEqualTo(405);
    }
}
