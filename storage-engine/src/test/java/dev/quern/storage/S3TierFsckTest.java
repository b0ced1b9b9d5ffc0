package dev.quern.storage;

import dev.quern.storage.s3.S3ProxyServer;
import dev.quern.storage.s3.S3Tier;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/// In a bucket of S3Proxy.
final class S3TierFsckTest extends TierFsckContract {
    @TempDir static Path objects;
    private static S3ProxyServer server;
    private static int tests;

    private S3Tier tier;

    @BeforeAll
    static void start() {
        server = new S3ProxyServer(objects);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Override
    @SuppressWarnings("MustBeClosedChecker") // closed after each test
    Tier tier() {
        if (tier == null) {
            tests++;
            tier = S3Tier.open(server.bucket("fsck", "test-" + tests + "/"), new Random(2));
        }
        return tier;
    }

    @AfterEach
    void close() {
        tier.close();
    }
}
