package dev.quern.storage;

import com.google.errorprone.annotations.MustBeClosed;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Random;
import org.rocksdb.LRUCache;
import org.rocksdb.RocksDB;

/// Opens members of a store in a tier, for tests: small packs, a small cache.
final class TierStores {
    static final long CACHE_BYTES = 4 << 20;
    static final Instant NOW = Instant.parse("2026-03-04T05:06:07Z");

    private static final LRUCache CACHE;

    static {
        RocksDB.loadLibrary();
        CACHE = new LRUCache(1 << 20);
    }

    private TierStores() {}

    @MustBeClosed
    static TierChunkStore open(Tier tier, Path directory) {
        return open(tier, directory, new LocalDisk(), new Random());
    }

    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // the store closes its parts
    static TierChunkStore open(Tier tier, Path directory, Disk disk, Random random) {
        TierStoreParts.Setup setup =
                new TierStoreParts.Setup(
                        disk,
                        directory,
                        Engines.config(directory),
                        CACHE_BYTES,
                        random,
                        InstantSource.fixed(NOW),
                        CACHE);
        TierChunkStore store = new TierChunkStore(TierStoreParts.open(tier, setup));
        store.bind(new ClearKeys());
        return store;
    }
}
