package dev.quern.vector;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkId;
import dev.quern.storage.ChunkLease;
import dev.quern.storage.ChunkPins;
import dev.quern.storage.ChunkStore;
import dev.quern.storage.ForwardingMetaLog;
import dev.quern.storage.MetaLog;
import java.lang.foreign.MemorySegment;
import java.util.Collection;

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
        @MustBeClosed
        public ChunkPins pin(SpaceId space, Collection<ChunkId> ids) {
            return below().pin(space, ids);
        }

        @Override
        @MustBeClosed
        public ChunkPins pinWrites(SpaceId space) {
            return below().pinWrites(space);
        }

        @Override
        public ChunkStats stats() {
            return below().stats();
        }

        @Override
        public void close() {}
    }

    static final class Facts extends ForwardingMetaLog {
        private final MetaLog below;
        private volatile boolean severed;

        Facts(MetaLog below) {
            this.below = below;
        }

        void sever() {
            severed = true;
        }

        @Override
        protected MetaLog below() {
            if (severed) {
                throw gone();
            }
            return below;
        }
    }
}
