package dev.quern.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ByteSize;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.Setting;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ServerConfigTest {
    private static final String KEY = "0123456789abcdef".repeat(4);

    @TempDir Path data;

    private ServerConfig load(Map<String, String> flags, Map<String, String> environment) {
        Map<String, String> all = new HashMap<>(flags);
        all.put("data", data.toString());
        return ServerConfig.load(all, environment, Optional.empty());
    }

    private ServerConfig.Storage storage(String... flags) {
        Map<String, String> all = new HashMap<>();
        for (int i = 0; i < flags.length; i += 2) {
            all.put(flags[i], flags[i + 1]);
        }
        return load(all, Map.of()).storage();
    }

    @Test
    void keysAndDefaultsOfTheStoreArePinned() {
        assertThat(ServerConfig.all().stream().map(Setting::key))
                .contains(
                        "store-compression",
                        "operator-key-file",
                        "previous-operator-key-file",
                        "fact-log-retention",
                        "gc-grace",
                        "gc-interval",
                        "store-tier",
                        "s3-endpoint",
                        "s3-region",
                        "s3-path-style",
                        "tier-cache-max-bytes");
        assertThat(storage())
                .isEqualTo(
                        new ServerConfig.Storage(
                                true,
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty(),
                                ByteSize.ofMebibytes(256),
                                Duration.ofHours(1),
                                Duration.ofHours(6),
                                Optional.empty(),
                                new TierUrl.Access(Optional.empty(), "us-east-1", false),
                                ByteSize.ofMebibytes(10 << 10)));
    }

    @Test
    void readsWhatIsSet() {
        ServerConfig.Storage set =
                storage(
                        "store-compression", "off",
                        "operator-key-file", "/keys/new",
                        "previous-operator-key-file", "/keys/old",
                        "fact-log-retention", "1GiB",
                        "gc-grace", "0s",
                        "gc-interval", "15m",
                        "store-tier", "s3://bucket/a/b",
                        "s3-endpoint", "http://127.0.0.1:9000",
                        "s3-region", "eu-central-1",
                        "s3-path-style", "on");
        assertThat(set.compression()).isFalse();
        assertThat(set.operatorKeyFile()).contains(Path.of("/keys/new"));
        assertThat(set.previousOperatorKeyFile()).contains(Path.of("/keys/old"));
        assertThat(set.gcGrace()).isZero();
        assertThat(set.gcInterval()).isEqualTo(Duration.ofMinutes(15));
        assertThat(set.tier()).contains(new TierUrl.Bucket("bucket", "a/b/"));
        assertThat(set.access())
                .isEqualTo(
                        new TierUrl.Access(
                                Optional.of(URI.create("http://127.0.0.1:9000")),
                                "eu-central-1",
                                true));
    }

    @Test
    void namesTheSettingWhatIsExpectedAndWhatCame() {
        Map<String, String> wrong =
                Map.of(
                        "store-compression", "yes",
                        "fact-log-retention", "1KiB",
                        "gc-grace", "-1s",
                        "gc-interval", "5s",
                        "store-tier", "ftp://x/y",
                        "s3-endpoint", "localhost:9000",
                        "s3-region", "Frankfurt!",
                        "s3-path-style", "1",
                        "tier-cache-max-bytes", "1");
        wrong.forEach((key, value) ->
                assertThatThrownBy(() -> storage(key, value))
                        .isInstanceOfSatisfying(
                                QuernException.class,
                                e -> assertThat(e.kind()).isEqualTo(ErrorKind.INVALID))
                        .hasMessageStartingWith("setting " + key + " (command line): ")
                        .hasMessageEndingWith("got \"" + value + "\""));
    }

    @Test
    void theOperatorKeyOfTheEnvironmentIsNeverShown() {
        ServerConfig config = load(Map.of(), Map.of("QUERN_OPERATOR_KEY", KEY));
        assertThat(config.storage().operatorKey()).isPresent();
        assertThat(config.print()).contains("operator-key=(hidden)").doesNotContain(KEY);
        assertThat(config.toString()).doesNotContain(KEY);
        assertThat(config.storage().toString()).doesNotContain(KEY);
        assertThatThrownBy(() -> load(Map.of(), Map.of("QUERN_OPERATOR_KEY", "secret-text")))
                .isInstanceOf(QuernException.class)
                .hasMessageContaining("QUERN_OPERATOR_KEY")
                .hasMessageContaining("64 hex digits")
                .hasMessageNotContaining("secret-text");
        assertThatThrownBy(() -> load(Map.of("operator-key", KEY), Map.of()))
                .hasMessageContaining("unknown setting");
    }

    @Test
    void readsPlacesOfTiers() {
        assertThat(TierUrl.parse("file:///a/../b")).isEqualTo(new TierUrl.Directory(Path.of("/b")));
        assertThat(TierUrl.parse(" s3://bucket ")).isEqualTo(new TierUrl.Bucket("bucket", ""));
        assertThat(TierUrl.parse("s3://bucket/p/").toString()).isEqualTo("s3://bucket/p/");
        for (String text :
                List.of(
                        "",
                        "/a",
                        "file://host/a",
                        "file:a",
                        "file:///a?b",
                        "file:///%00",
                        "s3:///p",
                        "s3://key:secret@bucket/p",
                        "s3://bucket:1/p",
                        "a b")) {
            assertThatThrownBy(() -> TierUrl.parse(text))
                    .isInstanceOf(QuernException.class)
                    .hasMessageContaining("file:///DIRECTORY or s3://BUCKET/PREFIX");
        }
    }

    @Test
    void newKeysAreSecretAndNeverOverwritten() throws Exception {
        Path file = data.resolve("key");
        String fingerprint = OfflineStorage.newKey(file);
        assertThat(dev.quern.storage.OperatorKey.read(file).fingerprint()).isEqualTo(fingerprint);
        String before = Files.readString(file);
        assertThatThrownBy(() -> OfflineStorage.newKey(file))
                .isInstanceOfSatisfying(
                        QuernException.class,
                        e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFLICT));
        assertThat(Files.readString(file)).isEqualTo(before);
        assertThatThrownBy(() -> OfflineStorage.newKey(data.resolve("no/key")))
                .hasMessageContaining("no/key");
    }
}
