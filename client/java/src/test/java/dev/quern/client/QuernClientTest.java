package dev.quern.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

final class QuernClientTest {
    private static final String NONE = "{\"volumes\":[]}";

    private FakeServer server;
    private QuernClient client;

    @BeforeEach
    void start() throws IOException {
        server = new FakeServer();
        client = new QuernClient(server.client().config());
    }

    @AfterEach
    void stop() {
        client.close();
        server.close();
    }

    private static String error(String code, String details) {
        return "{\"code\":\"" + code + "\",\"message\":\"said so\",\"details\":" + details + "}";
    }

    private QuernException failure(Runnable action) {
        return catchThrowableOfType(QuernException.class, action::run);
    }

    @ParameterizedTest
    @EnumSource(
            value = ErrorKind.class,
            names = {"EXHAUSTED", "UNAVAILABLE"},
            mode = EnumSource.Mode.EXCLUDE)
    void takesTheKindFromTheCode(ErrorKind kind) {
        server.answer(
                418,
                error(kind.name(), "{\"volume\":\"docs\",\"none\":null}"),
                "x-request-id",
                "r1");
        QuernException failure = failure(() -> client.volumes().list());
        assertThat(failure.kind()).isEqualTo(kind);
        assertThat(failure).hasMessage("said so");
        assertThat(failure.details()).isEqualTo(Map.of("volume", "docs", "request_id", "r1"));
    }

    @ParameterizedTest
    @CsvSource({"400,INVALID", "401,DENIED", "404,NOT_FOUND", "409,CONFLICT", "500,INTERNAL"})
    void goesByTheStatusWithoutAKnownCode(int status, ErrorKind kind) {
        server.answer(status, error("SOMETHING_NEW", "{}")).answer(status, "<html>");
        assertThat(failure(() -> client.volumes().list()).kind()).isEqualTo(kind);
        assertThat(failure(() -> client.volumes().list()).kind()).isEqualTo(kind);
    }

    @Test
    void readsOpenAiErrors() {
        server.answer(404, "{\"error\":{\"message\":\"no such model\",\"type\":\"x\"}}");
        QuernException failure = failure(() -> client.models().list());
        assertThat(failure.kind()).isEqualTo(ErrorKind.NOT_FOUND);
        assertThat(failure).hasMessage("no such model");
    }

    @Test
    void retriesAndWaitsAsLongAsAsked() {
        server.answer(429, error("EXHAUSTED", "{\"retry_after_ms\":400}"))
                .answer(503, error("UNAVAILABLE", "{}"))
                .answer(200, NONE);
        long started = System.nanoTime();
        assertThat(client.volumes().list()).isEmpty();
        assertThat(Duration.ofNanos(System.nanoTime() - started))
                .isGreaterThan(Duration.ofMillis(600));
        assertThat(server.asked()).hasSize(3);
    }

    @Test
    void givesUpAfterItsAttempts() {
        for (int i = 0; i < 3; i++) {
            server.answer(429, error("EXHAUSTED", "{}"));
        }
        try (QuernClient twice = server.client().attempts(2).build()) {
            assertThat(failure(() -> twice.volumes().list()).kind()).isEqualTo(ErrorKind.EXHAUSTED);
        }
        assertThat(server.asked()).hasSize(2);
    }

    @Test
    void repeatsWhatStartsWorkOnlyWhenNothingWasAdmitted() {
        server.answer(429, error("EXHAUSTED", "{}")).answer(503, error("UNAVAILABLE", "{}"));
        assertThat(failure(() -> client.volumes().create("docs")).kind())
                .isEqualTo(ErrorKind.UNAVAILABLE);
        assertThat(server.asked()).hasSize(2);
    }

    @Test
    void repeatsACreateThatMayFindItsOwnResult() {
        server.answer(503, error("UNAVAILABLE", "{}"))
                .answer(
                        200,
                        "{\"name\":\"docs\",\"id\":\"i\",\"created_at\":\"t\",\"head\":\"h\"}");
        assertThat(client.volumes().createIfMissing("docs").createdAt()).isEqualTo("t");
        assertThat(server.last().body()).isEqualTo("{\"name\":\"docs\",\"if_not_exists\":true}");
    }

    @Test
    void closingEndsTheWaitForARetry() throws InterruptedException {
        server.answer(429, error("EXHAUSTED", "{\"retry_after_ms\":30000}"));
        Thread caller = Thread.ofVirtual().start(() -> failure(() -> client.volumes().list()));
        while (server.asked().isEmpty()) {
            caller.join(Duration.ofMillis(10));
        }
        caller.join(Duration.ofMillis(100));
        client.close();
        assertThat(caller.join(Duration.ofSeconds(5))).isTrue();
    }

    @Test
    void saysHowToStartAServerThatIsNotThere() throws IOException {
        int port;
        try (ServerSocket socket = new ServerSocket(0)) {
            port = socket.getLocalPort();
        }
        try (QuernClient nobody = server.client().url("http://127.0.0.1:" + port + "/").build()) {
            QuernException failure = failure(() -> nobody.volumes().list());
            assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
            assertThat(failure)
                    .hasMessageContaining("quern serve")
                    .hasMessageContaining(":" + port);
            assertThat(nobody.ready()).isFalse();
        }
    }

    @Test
    void sendsTheToken() {
        server.answer(200, NONE);
        client.volumes().list();
        assertThat(server.last().header("Authorization")).isEqualTo("Bearer secret-token");
    }

    @Test
    void asksWhetherTheServerIsReady() {
        server.answer(200, "ok").answer(503, "starting");
        assertThat(client.ready()).isTrue();
        assertThat(client.ready()).isFalse();
    }

    @Test
    void takesAddressAndTokenFromTheEnvironmentOrTheFile(@TempDir Path home) throws IOException {
        assertThatThrownBy(() -> new QuernClientBuilder(Map.of()).home(home).config())
                .isInstanceOf(QuernException.class)
                .hasMessageContaining("QUERN_TOKEN");
        Files.createDirectories(home.resolve(".quern"));
        Files.writeString(home.resolve(".quern/admin.token"), "from-file\n");
        ClientConfig config = new QuernClientBuilder(Map.of()).home(home).config();
        assertThat(config.token()).isEqualTo("from-file");
        assertThat(config.url()).hasToString("http://127.0.0.1:7700");
        Map<String, String> environment =
                Map.of("QUERN_URL", "http://mill:7700/", "QUERN_TOKEN", "from-environment");
        config = new QuernClientBuilder(environment).home(home).config();
        assertThat(config.token()).isEqualTo("from-environment");
        assertThat(config.url()).hasToString("http://mill:7700");
        assertThat(config.toString()).doesNotContain("from-environment");
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1:7700", "ftp://host", "http://", "http://a b"})
    void refusesWhatIsNoUrl(String url) {
        assertThatThrownBy(() -> server.client().url(url).config())
                .isInstanceOf(QuernException.class)
                .hasMessageContaining("http://127.0.0.1:7700");
    }

    @Test
    void refusesATokenThatWouldBreakTheHeader() {
        assertThatThrownBy(() -> server.client().token("a\nb").config())
                .isInstanceOf(QuernException.class)
                .hasMessageContaining("printable");
    }
}
