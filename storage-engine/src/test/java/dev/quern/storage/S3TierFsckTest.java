package dev.quern.storage;

import dev.quern.storage.s3.S3ProxyServer;
import dev.quern.storage.s3.S3Tier;
import java.nio.file.Path;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/// In a bucket of S3Proxy.
final class S3TierFsckTest extends TierFsckContract {
    @TempDir static Path objects;
    private static S3ProxyServer server;
    private static int tests;

    private @Nullable S3Tier tier;

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
        S3Tier open = tier;
        if (open == null) {
            tests++;
            open = S3Tier.open(server.bucket("fsck", "test-" + tests + "/"), new Random(2));
            tier = open;
        }
        return open;
    }

    @AfterEach
    void close() {
        tier().close();
    }
}
