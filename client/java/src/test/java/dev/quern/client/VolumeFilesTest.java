package dev.quern.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.wire.FileEntry;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class VolumeFilesTest {
    private static final String STAGED =
            "{\"path\":\"a\",\"size_bytes\":3,\"hash\":\"h\",\"new_bytes\":3}";
    private static final String BUSY =
            "{\"code\":\"UNAVAILABLE\",\"message\":\"busy\",\"details\":{}}";

    private FakeServer server;
    private QuernClient client;
    private VolumeFiles files;

    @BeforeEach
    void start() throws IOException {
        server = new FakeServer();
        client = new QuernClient(server.client().config());
        files = client.volumes().files("docs").inSession("s");
    }

    @AfterEach
    void stop() {
        client.close();
        server.close();
    }

    @Test
    void encodesPathsPartByPart() {
        server.answer(200, STAGED);
        files.put("/a b/é?#+%.txt", new byte[] {'x'});
        assertThat(server.last().target())
                .isEqualTo(
                        "/v1/volumes/docs/files/a%20b/%C3%A9%3F%23%2B%25.txt?session=s&commit=false");
        assertThat(server.last().body()).isEqualTo("x");
    }

    @Test
    void sendsAFileAgainButNotAStream(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("a"), "abc");
        server.answer(503, BUSY).answer(200, STAGED);
        assertThat(files.put("a", file).sizeBytes()).isEqualTo(3);
        assertThat(server.asked()).extracting(FakeServer.Asked::body).containsExactly("abc", "abc");
        assertThat(server.last().header("Content-length")).isEqualTo("3");

        server.answer(503, BUSY);
        ByteArrayInputStream once =
                new ByteArrayInputStream("xyz".getBytes(StandardCharsets.UTF_8));
        assertThatThrownBy(() -> files.put("a", once)).isInstanceOf(QuernException.class);
        assertThat(server.asked()).hasSize(3);
    }

    @Test
    void refusesALocalFileThatIsNotThere(@TempDir Path folder) {
        assertThatThrownBy(() -> files.put("a", folder.resolve("missing")))
                .isInstanceOf(QuernException.class)
                .hasMessageContaining("missing");
        assertThat(server.asked()).isEmpty();
    }

    @Test
    void resumesABrokenDownloadAtTheSameCommit() throws IOException {
        byte[] data = new byte[500_000];
        new Random(3).nextBytes(data);
        server.broken(500_000, Arrays.copyOf(data, 300_000), "x-quern-commit", "c1").range(data);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        assertThat(files.get("big", out)).isEqualTo(500_000);
        assertThat(out.toByteArray()).isEqualTo(data);
        assertThat(server.last().target()).isEqualTo("/v1/volumes/docs/files/big?at=c1");
        assertThat(server.last().header("Range")).matches("bytes=[1-9][0-9]*-");
    }

    @Test
    void skipsWhatItHasWhenTheServerIgnoresTheRange() throws IOException {
        server.broken(6, "abc".getBytes(StandardCharsets.UTF_8), "x-quern-commit", "c1")
                .answer(200, "abcdef");
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        files.get("a", out);
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("abcdef");
        assertThat(server.asked()).hasSizeGreaterThan(1);
    }

    @Test
    void givesUpWhenTheConnectionBreaksTooOften() {
        for (int i = 0; i < 10; i++) {
            server.broken(6, new byte[] {1}, "x-quern-commit", "c1");
        }
        assertThatThrownBy(() -> files.get("a", new ByteArrayOutputStream()))
                .isInstanceOfSatisfying(
                        QuernException.class,
                        e -> assertThat(e.kind()).isEqualTo(ErrorKind.UNAVAILABLE))
                .hasMessageContaining("docs:a");
    }

    @Test
    void listsEveryPageOfOneCommit() {
        server.answer(
                        200,
                        "{\"commit\":\"c1\",\"entries\":[{\"path\":\"a\",\"type\":\"file\","
                                + "\"size_bytes\":1,\"hash\":\"h\"}],\"next\":\"a\"}")
                .answer(
                        200,
                        "{\"commit\":\"c1\",\"entries\":[{\"path\":\"b\",\"type\":\"directory\","
                                + "\"size_bytes\":0,\"hash\":\"h\"}],\"newer_field\":1}");
        List<String> seen = new ArrayList<>();
        String commit = files.forEach("", true, (FileEntry entry) -> seen.add(entry.path()));
        assertThat(seen).containsExactly("a", "b");
        assertThat(commit).isEqualTo("c1");
        assertThat(server.last().target())
                .isEqualTo("/v1/volumes/docs/list?path=&recursive=true&at=c1&after=a&limit=1000");
    }

    @Test
    void commitsItsSession() {
        String commit =
                "{\"id\":\"c2\",\"parent\":\"c1\",\"created_at\":\"t\",\"message\":\"m\","
                        + "\"files\":2,\"size_bytes\":9}";
        server.answer(200, commit).answer(200, commit);
        assertThat(files.commit("m").sizeBytes()).isEqualTo(9);
        assertThat(server.last().body()).isEqualTo("{\"session\":\"s\",\"message\":\"m\"}");
        files.commitOnto("c1", "m");
        assertThat(server.last().body())
                .isEqualTo("{\"session\":\"s\",\"expected_head\":\"c1\",\"message\":\"m\"}");
    }

    @Test
    void stagesRemovals() {
        server.answer(200, "{\"removed\":2}")
                .answer(200, "{\"session\":\"s\",\"puts\":[],\"removes\":[\"a\",\"b\"]}")
                .answer(204, "");
        assertThat(files.remove("sub", true)).isEqualTo(2);
        assertThat(files.staged().removes()).containsExactly("a", "b");
        files.discard();
        assertThat(server.last().method()).isEqualTo("DELETE");
    }

    @Test
    void eachHandleStagesApart() {
        VolumeFiles other = client.volumes().files("docs");
        assertThat(client.volumes().files("docs").session()).isNotEqualTo(other.session());
        assertThat(other.at("c1").session()).isEqualTo(other.session());
    }
}
