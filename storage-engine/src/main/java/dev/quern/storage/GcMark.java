package dev.quern.storage;

import dev.quern.common.SpaceId;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// Which chunks of a space are needed. A node that cannot be read ends the walk: what it names is
/// unknown. Not thread-safe.
final class GcMark extends RootWalk {
    /// A batch, where no node is read meanwhile.
    private static final int CHECK_MASK = (1 << 10) - 1;

    private final ChunkStore chunks;
    private final SpaceId space;
    private final RateLimit rate;
    private final Operation operation;
    private final FingerprintSet live = new FingerprintSet();
    private final FingerprintSet entered = new FingerprintSet();

    GcMark(ChunkStore chunks, SpaceId space, RateLimit rate, Operation operation) {
        this.chunks = chunks;
        this.space = space;
        this.rate = rate;
        this.operation = operation;
    }

    boolean isLive(ChunkId id) {
        return live.contains(id);
    }

    @Override
    void reached(ChunkId id, Supplier<String> what) {
        if (live.add(id) && (live.size() & CHECK_MASK) == 0) {
            operation.advanceTo(live.size());
        }
    }

    @Override
    boolean enter(ChunkId id) {
        return entered.add(id);
    }

    @Override
    void read(ChunkId id, Supplier<String> what, Consumer<byte[]> children) {
        byte[] bytes = chunks.read(space, id);
        rate.take(bytes.length);
        children.accept(bytes);
        operation.advanceTo(live.size());
    }

    @Override
    void leave(ChunkId id) {
        // It is enough to have been there once.
    }
}
