package dev.quern.vector;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkId;
import dev.quern.storage.ChunkLease;
import dev.quern.storage.ChunkStore;
import dev.quern.storage.FactView;
import dev.quern.storage.IndexPosition;
import dev.quern.storage.Key;
import dev.quern.storage.KeyRange;
import dev.quern.storage.LogPosition;
import dev.quern.storage.MetaLog;
import dev.quern.storage.Txn;
import dev.quern.storage.Watch;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// Stores that a crash can cut a service off from, while the next service goes on with what is
/// below them.
final class Severed {
    private Severed() {}

    private static QuernException gone() {
        return new QuernException(ErrorKind.UNAVAILABLE, "this process has crashed");
    }

    static final class Chunks implements ChunkStore {
        private final ChunkStore below;
        private volatile boolean severed;

        Chunks(ChunkStore below) {
            this.below = below;
        }

        void sever() {
            severed = true;
        }

        private ChunkStore below() {
            if (severed) {
                throw gone();
            }
            return below;
        }

        @Override
        public PutChunk put(SpaceId space, MemorySegment bytes) {
            return below().put(space, bytes);
        }

        @Override
        public void sync() {
            below().sync();
        }

        @Override
        public boolean contains(SpaceId space, ChunkId id) {
            return below().contains(space, id);
        }

        @Override
        public boolean isDurable(SpaceId space, ChunkId id) {
            return below().isDurable(space, id);
        }

        @Override
        @MustBeClosed
        public ChunkLease open(SpaceId space, ChunkId id) {
            return below().open(space, id);
        }

        @Override
        public ChunkStats stats() {
            return below().stats();
        }

        @Override
        public void close() {}
    }

    static final class Facts implements MetaLog {
        private final MetaLog below;
        private volatile boolean severed;

        Facts(MetaLog below) {
            this.below = below;
        }

        void sever() {
            severed = true;
        }

        private MetaLog below() {
            if (severed) {
                throw gone();
            }
            return below;
        }

        @Override
        public long commit(Txn txn) {
            return below().commit(txn);
        }

        @Override
        public Optional<Fact> find(SpaceId space, Key key) {
            return below().find(space, key);
        }

        @Override
        public List<Fact> scan(SpaceId space, KeyRange range, int limit) {
            return below().scan(space, range, limit);
        }

        @Override
        public List<IndexedFact> scanIndex(
                SpaceId space, Key prefix, Optional<IndexPosition> after, int limit) {
            return below().scanIndex(space, prefix, after, limit);
        }

        @Override
        public List<SpaceId> spaces(Optional<SpaceId> after, int limit) {
            return below().spaces(after, limit);
        }

        @Override
        public LogPosition position() {
            return below().position();
        }

        @Override
        public void awaitApplied(long index, Duration timeout) {
            below().awaitApplied(index, timeout);
        }

        @Override
        @MustBeClosed
        public FactView view(long atLeastIndex, Duration timeout) {
            return below().view(atLeastIndex, timeout);
        }

        @Override
        @MustBeClosed
        public Watch watch(SpaceId space, Key prefix, long fromIndex) {
            return below().watch(space, prefix, fromIndex);
        }

        @Override
        public void close() {}
    }
}
