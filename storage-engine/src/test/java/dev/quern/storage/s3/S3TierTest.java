package dev.quern.storage.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.storage.Tier;
import dev.quern.storage.TierContract;
import dev.quern.storage.s3.S3Config.Credentials;
import java.lang.foreign.MemorySegment;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// On S3Proxy in this process.
final class S3TierTest extends TierContract {
    @TempDir static Path objects;
    private static S3ProxyServer server;
    private static int tests;

    private S3Config config;
    private S3Tier tier;

    @BeforeAll
    static void start() {
        server = new S3ProxyServer(objects);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @BeforeEach
    @SuppressWarnings("MustBeClosedChecker") // closed after each test
    void open() {
        tests++;
        config = server.bucket("bucket-" + tests, tests % 2 == 0 ? "" : "some/prefix/");
        tier = S3Tier.open(config, new Random(1));
    }

    @AfterEach
    void close() {
        tier.close();
    }

    @Override
    protected Tier tier() {
        return tier;
    }

    @Test
    void leavesNothingOfItsProbe() {
        assertThat(list("", 5)).isEmpty();
    }

    @Test
    void prefixesKeepTiersApart() {
        S3Config inner =
                new S3Config(
                        config.endpoint(),
                        config.region(),
                        config.bucket(),
                        config.prefix() + "inner/",
                        config.credentials(),
                        true,
                        S3Config.DEFAULT_DEADLINE);
        try (S3Tier other = S3Tier.open(inner, new Random(2))) {
            other.putIfAbsent("x", MemorySegment.ofArray(new byte[3]));
            assertThat(tier.size("x")).isEmpty();
            assertThat(tier.size("inner/x")).hasValue(3);
            put("y", new byte[1]);
            assertThat(other.list("", "", 5)).containsExactly(new Tier.Blob("x", 3));
        }
    }

    @Test
    void namesBucketAndEndpointWhenRefused() {
        S3Config absent = S3ProxyServer.config(server.endpoint(), "absent-bucket", "");
        S3Config wrongKey =
                new S3Config(
                        config.endpoint(),
                        config.region(),
                        config.bucket(),
                        "",
                        Optional.of(new Credentials(S3ProxyServer.KEY, "wrong-secret")),
                        true,
                        S3Config.DEFAULT_DEADLINE);
        for (S3Config refused : new S3Config[] {absent, wrongKey}) {
            assertThatThrownBy(() -> tryOpen(refused))
                    .satisfies(e -> assertKind(e, ErrorKind.INVALID))
                    .hasMessageContaining(refused.bucket())
                    .hasMessageContaining(server.endpoint().toString())
                    .hasMessageNotContaining("wrong-secret");
        }
    }

    @Test
    void configHidesItsSecret() {
        assertThat(config.toString()).contains(S3ProxyServer.KEY, config.bucket());
        assertThat(config.toString()).doesNotContain(S3ProxyServer.SECRET);
    }

    @Test
    void configRefusesWhatIsNoBucket() {
        URI endpoint = server.endpoint();
        for (Runnable wrong :
                new Runnable[] {
                    () -> S3ProxyServer.config(endpoint, "Upper", ""),
                    () -> S3ProxyServer.config(endpoint, "a/b", ""),
                    () -> S3ProxyServer.config(endpoint, "bucket", "no-slash"),
                    () -> S3ProxyServer.config(endpoint, "bucket", "../"),
                    () -> S3ProxyServer.config(URI.create("ftp://x"), "bucket", ""),
                    () -> S3ProxyServer.config(URI.create("http://u:p@x"), "bucket", "")
                }) {
            assertThatThrownBy(wrong::run).satisfies(e -> assertKind(e, ErrorKind.INVALID));
        }
    }

    private static void tryOpen(S3Config config) {
        try (S3Tier opened = S3Tier.open(config, new Random(3))) {
            assertThat(opened).isNull();
        }
    }
}
