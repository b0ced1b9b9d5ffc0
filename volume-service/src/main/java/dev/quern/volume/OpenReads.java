package dev.quern.volume;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkId;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// What is being read: it stays readable although its volume is deleted meanwhile. Thread-safe.
final class OpenReads {
    private final Set<Read> reads = ConcurrentHashMap.newKeySet();

    /// Something that is being read until it is closed. Each is only equal to itself.
    abstract static sealed class Read implements AutoCloseable {
        private final Set<Read> reads;
        final SpaceId space;

        private Read(Set<Read> reads, SpaceId space) {
            this.reads = reads;
            this.space = space;
            reads.add(this);
        }

        @Override
        public final void close() {
            reads.remove(this);
        }
    }

    /// A file's bytes.
    static final class File extends Read {
        final VolumePath path;
        final Content content;

        private File(Set<Read> reads, SpaceId space, VolumePath path, Content content) {
            super(reads, space);
            this.path = path;
            this.content = content;
        }
    }

    /// A whole tree.
    static final class Tree extends Read {
        final ChunkId root;

        private Tree(Set<Read> reads, SpaceId space, ChunkId root) {
            super(reads, space);
            this.root = root;
        }
    }

    @MustBeClosed
    Read file(SpaceId space, VolumePath path, Content content) {
        return new File(reads, space, path, content);
    }

    @MustBeClosed
    Read tree(SpaceId space, ChunkId root) {
        return new Tree(reads, space, root);
    }

    /// What is being read of a space now.
    List<Read> of(SpaceId space) {
        return reads.stream().filter(read -> read.space.equals(space)).toList();
    }
}
