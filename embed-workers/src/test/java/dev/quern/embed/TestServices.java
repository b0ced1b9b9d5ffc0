package dev.quern.embed;

import dev.quern.common.ByteSize;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.ForwardingMetaLog;
import dev.quern.storage.MetaLog;
import dev.quern.storage.StorageConfig;
import dev.quern.storage.StorageEngine;
import dev.quern.storage.Txn;
import dev.quern.vector.CollectionConfig;
import dev.quern.vector.CollectionService;
import dev.quern.volume.CommitInfo;
import dev.quern.volume.CommitRequest;
import dev.quern.volume.VolumeConfig;
import dev.quern.volume.VolumePath;
import dev.quern.volume.VolumeService;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Random;

/// The real services on a directory; opening it again is a restart. The log can be made to fail
/// from some commit on, as it does for a process that is killed.
final class TestServices implements AutoCloseable {
    static final SpaceId SPACE = SpaceId.DEFAULT;
    private static final InstantSource CLOCK = InstantSource.fixed(Instant.EPOCH);

    final StorageEngine storage;
    final DyingLog facts;
    final VolumeService volumes;
    final CollectionService collections;
    final VolumeIndexer indexer;

    @SuppressWarnings("MustBeClosedChecker") // closed by close
    TestServices(Path directory, EmbedService embedder, SyncLimits limits) {
        storage = StorageEngine.open(StorageConfig.in(directory.resolve("store")));
        facts = new DyingLog(storage.facts());
        volumes =
                new VolumeService(
                        storage.chunks(),
                        storage.facts(),
                        CLOCK,
                        new Random(),
                        new VolumeConfig(directory.resolve("views"), ByteSize.ofMebibytes(64)));
        collections =
                new CollectionService(
                        storage.chunks(),
                        facts,
                        CLOCK,
                        new Random(),
                        CollectionConfig.defaults(directory.resolve("lucene")));
        indexer = new VolumeIndexer(volumes, collections, facts, embedder, CLOCK, limits);
    }

    void put(String volume, String path, String text) {
        put(volume, path, text.getBytes(StandardCharsets.UTF_8));
    }

    void put(String volume, String path, byte[] bytes) {
        volumes.put(SPACE, volume, "s", VolumePath.parse(path), new ByteArrayInputStream(bytes));
    }

    void remove(String volume, String path) {
        volumes.remove(SPACE, volume, "s", VolumePath.parse(path), true);
    }

    CommitInfo commit(String volume) {
        return volumes.commit(SPACE, volume, CommitRequest.of("s", ""));
    }

    @Override
    public void close() {
        try (storage;
                volumes) {
            collections.close();
        } catch (QuernException e) {
            if (!facts.isDead()) {
                throw e;
            }
        }
    }

    /// A log of a process that dies at its next commit but `left`.
    static final class DyingLog extends ForwardingMetaLog {
        private final MetaLog log;
        private long left = Long.MAX_VALUE;
        private boolean afterwards;

        DyingLog(MetaLog log) {
            this.log = log;
        }

        /// @param after whether the fatal commit still reaches the log
        synchronized void dieAfter(long commits, boolean after) {
            left = commits;
            afterwards = after;
        }

        synchronized boolean isDead() {
            return left < 0;
        }

        @Override
        public long commit(Txn txn) {
            boolean fatal;
            boolean reaches;
            synchronized (this) {
                fatal = left <= 0;
                reaches = left > 0 || (left == 0 && afterwards);
                left--;
            }
            long index = reaches ? log.commit(txn) : 0;
            if (fatal) {
                throw new QuernException(ErrorKind.UNAVAILABLE, "killed");
            }
            return index;
        }

        @Override
        protected MetaLog below() {
            return log;
        }

        @Override
        public void close() {
            log.close();
        }
    }
}
