package dev.quern.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.storage.s3.FakeS3;
import dev.quern.storage.s3.S3ProxyServer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A whole server, asked over HTTP, whose chunks and backups are in a bucket of S3Proxy.
final class S3ServerTest {
    private static final String KEY = "aws.accessKeyId";
    private static final String SECRET = "aws.secretAccessKey";
    private static final Path MODELS = Path.of("..", "embed-workers", "target", "models");
    private static final int FILES = 4;

    @TempDir Path folder;
    private final HttpClient http = HttpClient.newHttpClient();
    private S3ProxyServer proxy;
    private URI endpoint;

    @BeforeEach
    @SuppressWarnings("MustBeClosed") // closed after each test
    void start() throws IOException {
        proxy = new S3ProxyServer(Files.createDirectory(folder.resolve("objects")));
        endpoint = proxy.bucket("granary", "").endpoint().orElseThrow();
        System.setProperty(KEY, S3ProxyServer.KEY);
        System.setProperty(SECRET, S3ProxyServer.SECRET);
    }

    @AfterEach
    void stop() {
        System.clearProperty(KEY);
        System.clearProperty(SECRET);
        proxy.close();
    }

    private ServerConfig config(String data, String... flags) {
        Map<String, String> all = new HashMap<>();
        all.put("data", folder.resolve(data).toString());
        all.put("models", MODELS.toString());
        all.put("http-port", "0");
        all.put("flight-port", "0");
        all.put("sandbox", "none");
        all.put("s3-endpoint", endpoint.toString());
        all.put("s3-path-style", "on");
        for (int i = 0; i < flags.length; i += 2) {
            all.put(flags[i], flags[i + 1]);
        }
        return ServerConfig.load(all, Map.of(), Optional.empty());
    }

    private static byte[] content(int file) {
        byte[] bytes = new byte[100_000 * (file + 1)];
        new Random(file).nextBytes(bytes);
        return bytes;
    }

    /// A client of one server.
    private final class Rest {
        private final QuernServer server;
        private final String token;

        Rest(QuernServer server, String data) throws IOException {
            this.server = server;
            token = Files.readString(folder.resolve(data).resolve("admin.token")).strip();
        }

        byte[] send(String method, String path, byte[] body)
                throws IOException, InterruptedException {
            HttpRequest request =
                    HttpRequest.newBuilder(server.httpUrl().resolve(path))
                            .timeout(Duration.ofMinutes(1))
                            .header("Authorization", "Bearer " + token)
                            .header("Content-Type", "application/json")
                            .method(method, BodyPublishers.ofByteArray(body))
                            .build();
            HttpResponse<byte[]> answer = http.send(request, BodyHandlers.ofByteArray());
            assertThat(answer.statusCode())
                    .as(method + " " + path + ": " + new String(answer.body(), UTF_8))
                    .isBetween(200, 299);
            return answer.body();
        }

        String post(String path, String body) throws IOException, InterruptedException {
            return new String(send("POST", path, body.getBytes(UTF_8)), UTF_8);
        }

        void putFiles() throws IOException, InterruptedException {
            post("/v1/volumes", "{\"name\":\"docs\"}");
            for (int i = 0; i < FILES; i++) {
                send("PUT", "/v1/volumes/docs/files/f" + i + "?commit=true", content(i));
            }
        }

        void assertFiles() throws IOException, InterruptedException {
            for (int i = 0; i < FILES; i++) {
                assertThat(send("GET", "/v1/volumes/docs/files/f" + i, new byte[0]))
                        .isEqualTo(content(i));
            }
        }
    }

    @Test
    void servesFromABucketAndFromABackupThere() throws IOException, InterruptedException {
        ServerConfig config = config("data", "store-tier", "s3://granary/live");
        String hash;
        try (QuernServer server = QuernServer.open(config)) {
            Rest rest = new Rest(server, "data");
            rest.putFiles();
            assertThat(rest.post("/v1/storage/backup", "{\"to\":\"s3://granary/backups\"}"))
                    .contains("\"new_files\"");
            rest.post("/v1/storage/backup", "{\"to\":\"s3://granary/backups\"}");
            rest.post("/v1/storage/gc", "{\"grace_seconds\":0}");
            rest.post("/v1/storage/compact", "{}");
            hash = new String(rest.send("GET", "/v1/storage", new byte[0]), UTF_8);
            assertThat(hash).contains("\"tier\":\"s3://granary/live/\"");
        }
        delete(folder.resolve("data/cache"));
        delete(folder.resolve("data/store/chunks-tier/cache"));
        delete(folder.resolve("data/store/chunks-tier/index"));
        try (QuernServer server = QuernServer.open(config)) {
            new Rest(server, "data").assertFiles();
        }

        OfflineStorage local = new OfflineStorage(config("local"));
        String place = "s3://granary/backups";
        assertThat(local.prune(place, 1, Optional.of("0s"), false).removed()).hasSize(1);
        local.verify(place, Optional.empty());
        local.restore(place, Optional.empty());
        ServerConfig elsewhere = config("elsewhere", "store-tier", "s3://granary/elsewhere");
        new OfflineStorage(elsewhere).restore(place, Optional.empty());
        emptyTheTier();
        for (ServerConfig restored : new ServerConfig[] {config("local"), elsewhere}) {
            try (QuernServer server = QuernServer.open(restored)) {
                new Rest(server, restored.data().getFileName().toString()).assertFiles();
            }
        }
    }

    private void emptyTheTier() throws IOException {
        delete(folder.resolve("objects/granary/live"));
    }

    private static void delete(Path directory) throws IOException {
        Files.walkFileTree(
                directory,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                            throws IOException {
                        Files.delete(file);
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult postVisitDirectory(
                            Path left, @Nullable IOException failure) throws IOException {
                        Files.delete(left);
                        return FileVisitResult.CONTINUE;
                    }
                });
    }

    private static void refused(ServerConfig config, String... words) {
        assertThatThrownBy(() -> QuernServer.open(config).close())
                .isInstanceOf(QuernException.class)
                .satisfies(
                        e -> assertThat(((QuernException) e).kind()).isEqualTo(ErrorKind.INVALID))
                .hasMessageContainingAll(words);
    }

    @Test
    void aBucketThatCannotBeUsedIsRefusedAtTheStart() {
        refused(config("data", "store-tier", "s3://nowhere/live"), "nowhere");
        ServerConfig good = config("data", "store-tier", "s3://granary/live");
        System.setProperty(SECRET, "wrong");
        refused(good, "granary", "credentials");
        System.setProperty(KEY, "nobody");
        refused(good, "granary", "credentials");
        assertThatThrownBy(() ->
                        new OfflineStorage(good).verify("s3://granary/backups", Optional.empty()))
                .hasMessageContaining("credentials");
    }

    @Test
    void aBucketThatOverwritesIsRefusedAtTheStart() {
        try (FakeS3 careless = new FakeS3()) {
            careless.heed(false, false);
            refused(
                    config(
                            "data",
                            "store-tier",
                            "s3://bucket/live",
                            "s3-endpoint",
                            careless.endpoint().toString()),
                    "put-if-absent");
        }
    }
}
