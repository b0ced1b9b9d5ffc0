package dev.quern.storage;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// Walks what owners report without recursion, so that no tree is too deep: a node's children wait
/// on a stack. Each node is expanded once, or again where the walk says so. Not thread-safe.
abstract class RootWalk implements RootVisitor {
    private final Deque<Runnable> work = new ArrayDeque<>();
    private boolean running;

    @Override
    public final void chunk(ChunkId id, Supplier<String> what) {
        reached(id, what);
    }

    @Override
    public final void node(ChunkId id, Supplier<String> what, Consumer<byte[]> children) {
        work.push(() -> expand(id, what, children));
        if (!running) {
            drain();
        }
    }

    private void drain() {
        running = true;
        try {
            while (!work.isEmpty()) {
                work.pop().run();
            }
        } finally {
            work.clear();
            running = false;
        }
    }

    private void expand(ChunkId id, Supplier<String> what, Consumer<byte[]> children) {
        reached(id, what);
        if (enter(id)) {
            work.push(() -> leave(id));
            read(id, what, children);
        }
    }

    /// A chunk that is needed, each time that something names it.
    abstract void reached(ChunkId id, Supplier<String> what);

    /// Whether to look at what a node names.
    abstract boolean enter(ChunkId id);

    /// Hands the bytes of a node to its owner.
    abstract void read(ChunkId id, Supplier<String> what, Consumer<byte[]> children);

    /// Everything below a node that was entered has been seen.
    abstract void leave(ChunkId id);
}
