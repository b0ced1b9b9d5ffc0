package dev.quern.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.InputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Volumes and files over HTTP, on the real services.
@Timeout(120)
final class VolumesHttpTest extends WithServices {
    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String volume(String name) {
        assertThat(server.post("/v1/volumes", "{\"name\":\"" + name + "\"}").statusCode())
                .isEqualTo(201);
        return "/v1/volumes/" + name;
    }

    private static String code(HttpResponse<String> answer) {
        return JsonAnswer.of(answer).path("code").asText();
    }

    @Test
    void createsListsAndDeletesVolumes() {
        String path = volume("made");
        HttpResponse<String> again = server.post("/v1/volumes", "{\"name\":\"made\"}");
        assertThat(again.statusCode()).isEqualTo(409);
        assertThat(code(again)).isEqualTo("CONFLICT");
        HttpResponse<String> same =
                server.post("/v1/volumes", "{\"name\":\"made\",\"if_not_exists\":true}");
        assertThat(same.statusCode()).isEqualTo(200);
        JsonNode body = JsonAnswer.of(server.get(path));
        assertThat(body).isEqualTo(JsonAnswer.of(same));
        assertThat(body.path("head").asText()).matches("[0-9a-f]{64}");
        assertThat(body.path("created_at").asText()).endsWith("Z");
        assertThat(JsonAnswer.of(server.get("/v1/volumes")).path("volumes")).contains(body);
        HttpResponse<String> deleted = server.delete(path);
        assertThat(deleted.statusCode()).isEqualTo(204);
        assertThat(deleted.body()).isEmpty();
        assertThat(server.get(path).statusCode()).isEqualTo(404);
        HttpResponse<String> name = server.post("/v1/volumes", "{\"name\":\"a/b\"}");
        assertThat(name.statusCode()).isEqualTo(400);
        assertThat(name.body()).contains("volume name");
    }

    @Test
    void putsCommitsAndReadsFiles() {
        String path = volume("files");
        JsonNode staged =
                JsonAnswer.of(server.put(path + "/files/a/b.txt?session=s", bytes("hello")));
        assertThat(staged.path("size_bytes").asLong()).isEqualTo(5);
        assertThat(staged.has("commit")).isFalse();
        assertThat(server.get(path + "/files/a/b.txt").statusCode()).isEqualTo(404);
        JsonNode changes = JsonAnswer.of(server.get(path + "/staged?session=s"));
        assertThat(changes.path("puts").get(0).asText()).isEqualTo("a/b.txt");
        assertThat(changes.path("removes")).isEmpty();
        JsonNode commit =
                JsonAnswer.of(
                        server.post(path + "/commit", "{\"session\":\"s\",\"message\":\"one\"}"));
        assertThat(commit.path("files").asLong()).isEqualTo(1);
        assertThat(commit.path("message").asText()).isEqualTo("one");
        HttpResponse<String> read = server.get(path + "/files/a/b.txt");
        assertThat(read.body()).isEqualTo("hello");
        assertThat(read.headers().firstValue("x-quern-commit"))
                .hasValue(commit.path("id").asText());
        assertThat(read.headers().firstValue("content-type")).hasValue("application/octet-stream");
        JsonNode list = JsonAnswer.of(server.get(path + "/list?recursive=true"));
        assertThat(list.path("commit").asText()).isEqualTo(commit.path("id").asText());
        assertThat(list.path("entries").get(0).path("path").asText()).isEqualTo("a/b.txt");
        assertThat(list.path("entries").get(0).path("type").asText()).isEqualTo("file");
        assertThat(
                        JsonAnswer.of(server.get(path + "/list"))
                                .path("entries")
                                .get(0)
                                .path("type")
                                .asText())
                .isEqualTo("directory");
        JsonNode history = JsonAnswer.of(server.get(path + "/commits")).path("commits");
        assertThat(history).hasSize(2);
        assertThat(history.get(0)).isEqualTo(commit);
        assertThat(JsonAnswer.of(server.get(path + "/commits?limit=1")).path("commits"))
                .containsExactly(commit);
    }

    @Test
    void commitsOnePutAloneWithoutASession() {
        String path = volume("alone");
        server.put(path + "/files/staged.txt", bytes("later"));
        JsonNode put = JsonAnswer.of(server.put(path + "/files/now.txt?commit=true", bytes("now")));
        assertThat(put.path("commit").path("files").asLong()).isEqualTo(1);
        assertThat(server.get(path + "/files/now.txt").body()).isEqualTo("now");
        assertThat(server.get(path + "/files/staged.txt").statusCode()).isEqualTo(404);
        assertThat(JsonAnswer.of(server.get(path + "/staged")).path("puts")).hasSize(1);
        assertThat(server.delete(path + "/staged").statusCode()).isEqualTo(204);
        assertThat(JsonAnswer.of(server.get(path + "/staged")).path("puts")).isEmpty();
        JsonNode removal = JsonAnswer.of(server.delete(path + "/files/now.txt?commit=true"));
        assertThat(removal.path("removed").asInt()).isEqualTo(1);
        assertThat(removal.path("commit").path("files").asLong()).isZero();
        String first = put.path("commit").path("id").asText();
        assertThat(server.get(path + "/files/now.txt?at=" + first).body()).isEqualTo("now");
        assertThat(server.get(path + "/files/now.txt").statusCode()).isEqualTo(404);
    }

    @Test
    void refusesALostRace() {
        String path = volume("race");
        String head = JsonAnswer.of(server.get(path)).path("head").asText();
        server.put(path + "/files/a?commit=true", bytes("a"));
        server.put(path + "/files/b?session=s", bytes("b"));
        HttpResponse<String> lost =
                server.post(
                        path + "/commit", "{\"session\":\"s\",\"expected_head\":\"" + head + "\"}");
        assertThat(lost.statusCode()).isEqualTo(409);
        assertThat(code(lost)).isEqualTo("CONFLICT");
    }

    @Test
    void servesRangesAndConditions() {
        String path = volume("ranges") + "/files/f?commit=true";
        server.put(path, bytes("0123456789"));
        String file = "/v1/volumes/ranges/files/f";
        HttpResponse<String> whole = server.get(file);
        String tag = whole.headers().firstValue("etag").orElseThrow();
        assertThat(whole.headers().firstValue("accept-ranges")).hasValue("bytes");
        HttpResponse<String> part = server.send(server.request(file).header("range", "bytes=2-4"));
        assertThat(part.statusCode()).isEqualTo(206);
        assertThat(part.body()).isEqualTo("234");
        assertThat(part.headers().firstValue("content-range")).hasValue("bytes 2-4/10");
        assertThat(server.send(server.request(file).header("range", "bytes=-3")).body())
                .isEqualTo("789");
        HttpResponse<String> outside =
                server.send(server.request(file).header("range", "bytes=10-"));
        assertThat(outside.statusCode()).isEqualTo(416);
        assertThat(outside.headers().firstValue("content-range")).hasValue("bytes */10");
        HttpResponse<String> stale =
                server.send(
                        server.request(file)
                                .header("range", "bytes=2-4")
                                .header("if-range", "\"other\""));
        assertThat(stale.statusCode()).isEqualTo(200);
        HttpResponse<String> known = server.send(server.request(file).header("if-none-match", tag));
        assertThat(known.statusCode()).isEqualTo(304);
        assertThat(known.headers().firstValue("etag")).hasValue(tag);
        assertThat(known.body()).isEmpty();
        HttpResponse<String> head =
                server.send(
                        server.request(file)
                                .header("range", "bytes=2-4")
                                .method("HEAD", HttpRequest.BodyPublishers.noBody()));
        assertThat(head.statusCode()).isEqualTo(200);
        assertThat(head.headers().firstValue("content-length")).hasValue("10");
        assertThat(head.headers().firstValue("etag")).hasValue(tag);
        assertThat(head.headers().firstValue("last-modified")).isPresent();
        assertThat(head.body()).isEmpty();
    }

    @Test
    void servesEmptyFilesAndOddNames() {
        String path = volume("odd");
        for (String name :
                List.of(
                        "empty",
                        "with%20space",
                        "%C3%A4%E2%82%AC%F0%9F%8C%BE",
                        "100%25",
                        "a+b",
                        "q%3Fx%23y",
                        "%5C")) {
            byte[] content = name.equals("empty") ? new byte[0] : bytes(name);
            HttpResponse<String> put =
                    server.put(path + "/files/d/" + name + "?commit=true", content);
            assertThat(put.statusCode()).as(put.body()).isEqualTo(200);
            HttpResponse<String> read = server.get(path + "/files/d%2F" + name);
            assertThat(read.body()).isEqualTo(new String(content, StandardCharsets.UTF_8));
        }
        assertThat(server.get(path + "/list?path=d&limit=3").body()).contains("\"next\":\"d/");
        HttpResponse<String> directory = server.get(path + "/files/d");
        assertThat(directory.statusCode()).isEqualTo(400);
        assertThat(directory.body()).contains("is a directory");
    }

    @Test
    void refusesPathsOutOfTheVolume() {
        volume("outside");
        for (String path :
                List.of(
                        "../x",
                        "%2e%2e/x",
                        "a/%2E%2E/%2e%2e/x",
                        "/etc/passwd",
                        "a//b",
                        "a/./b",
                        "a%00b",
                        "",
                        "a/",
                        "x".repeat(300))) {
            try (RawConnection connection = new RawConnection(server.port())) {
                connection.head(
                        "PUT",
                        "/v1/volumes/outside/files/" + path,
                        "Content-Length: 1",
                        "Connection: close");
                assertThat(connection.send("x").readAll())
                        .as(path)
                        .startsWith("HTTP/1.1 400")
                        .contains("\"INVALID\"");
            }
        }
    }

    @Test
    void namesWhatIsNotThere() {
        volume("there");
        for (String path :
                List.of(
                        "/v1/volumes/nope",
                        "/v1/volumes/nope/files/x",
                        "/v1/volumes/there/files/nope",
                        "/v1/volumes/nope/list",
                        "/v1/volumes/there/list?path=nope",
                        "/v1/volumes/nope/commits")) {
            HttpResponse<String> answer = server.get(path);
            assertThat(answer.statusCode()).as(path).isEqualTo(404);
            assertThat(answer.body()).contains("NOT_FOUND", "nope");
        }
    }

    @Test
    void movesABigFileThroughLittleMemory() throws Exception {
        String path = volume("big") + "/files/big.bin?commit=true";
        int blocks = 96;
        MessageDigest sent = MessageDigest.getInstance("SHA-256");
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        long before = runtime.totalMemory() - runtime.freeMemory();
        HttpResponse<String> put =
                server.send(
                        server.request(path)
                                .PUT(
                                        HttpRequest.BodyPublishers.ofInputStream(
                                                () -> new RandomBlocks(blocks, sent))));
        assertThat(put.statusCode()).as(put.body()).isEqualTo(200);
        assertThat(JsonAnswer.of(put).path("size_bytes").asLong()).isEqualTo((long) blocks << 20);
        MessageDigest received = MessageDigest.getInstance("SHA-256");
        HttpResponse<InputStream> get =
                server.send(
                        server.request("/v1/volumes/big/files/big.bin"),
                        HttpResponse.BodyHandlers.ofInputStream());
        byte[] buffer = new byte[1 << 16];
        try (InputStream in = get.body()) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                received.update(buffer, 0, n);
            }
        }
        assertThat(HexFormat.of().formatHex(received.digest()))
                .isEqualTo(HexFormat.of().formatHex(sent.digest()));
        System.gc();
        long growth = runtime.totalMemory() - runtime.freeMemory() - before;
        assertThat(growth >> 20).as("MiB of heap grown").isLessThan(48);
        HttpResponse<byte[]> part =
                server.send(
                        server.request("/v1/volumes/big/files/big.bin")
                                .header("range", "bytes=50000000-54999999"),
                        HttpResponse.BodyHandlers.ofByteArray());
        assertThat(part.body()).hasSize(5_000_000);
    }

    /// Random bytes, hashed as they go.
    private static final class RandomBlocks extends InputStream {
        private final SplittableRandom random = new SplittableRandom(5);
        private final MessageDigest digest;
        private final byte[] block = new byte[1 << 20];
        private int left;
        private int at = block.length;

        RandomBlocks(int blocks, MessageDigest digest) {
            this.left = blocks;
            this.digest = digest;
        }

        @Override
        public int read() {
            throw new UnsupportedOperationException();
        }

        @Override
        public int read(byte[] target, int offset, int length) {
            if (at == block.length) {
                if (left-- == 0) {
                    return -1;
                }
                random.nextBytes(block);
                digest.update(block);
                at = 0;
            }
            int count = Math.min(length, block.length - at);
            System.arraycopy(block, at, target, offset, count);
            at += count;
            return count;
        }
    }
}
