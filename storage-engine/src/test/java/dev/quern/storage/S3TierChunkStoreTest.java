package dev.quern.storage;

import dev.quern.storage.s3.S3ProxyServer;
import dev.quern.storage.s3.S3Tier;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/// On a tier in a bucket of S3Proxy.
final class S3TierChunkStoreTest extends ChunkStoreContract {
    @TempDir static Path objects;
    @TempDir Path directory;
    private static S3ProxyServer server;
    private static int tests;

    private S3Tier tier;
    private TierChunkStore store;

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
        tier = S3Tier.open(server.bucket("chunks", "test-" + tests + "/"), new Random(2));
        store = TierStores.open(tier, directory);
    }

    @AfterEach
    void close() {
        store.close();
        tier.close();
    }

    @Override
    ChunkStore store() {
        return store;
    }
}
