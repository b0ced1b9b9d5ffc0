package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;

/// Finds everything that needs one of the wanted chunks. A part of a tree that has none of them is
/// looked at once; one that has is walked again for everything that shares it, so that each is
/// told. A node that cannot be read is told as what needs itself; what it names is unknown. Not
/// thread-safe.
final class RootTracer extends RootWalk {
    private final ChunkStore chunks;
    private final SpaceId space;
    private final Predicate<ChunkId> wanted;
    private final int maxUses;
    private final FingerprintSet clean = new FingerprintSet();
    private final Set<Use> uses = new LinkedHashSet<>();
    private long found;

    /// For each node that is entered and not left, whether a wanted chunk is below it.
    private final Deque<Boolean> tainted = new ArrayDeque<>();

    /// @param id the chunk that is needed
    /// @param what needs it
    record Use(ChunkId id, String what) {}

    /// @param maxUses the most to keep; all are counted
    RootTracer(ChunkStore chunks, SpaceId space, Predicate<ChunkId> wanted, int maxUses) {
        this.chunks = chunks;
        this.space = space;
        this.wanted = wanted;
        this.maxUses = maxUses;
    }

    /// The first of what was found.
    List<Use> uses() {
        return List.copyOf(uses);
    }

    /// How many were found.
    long found() {
        return found;
    }

    @Override
    void reached(ChunkId id, Supplier<String> what) {
        if (wanted.test(id)) {
            tell(new Use(id, what.get()));
        }
    }

    private void tell(Use use) {
        taint();
        boolean isNew = uses.size() < maxUses ? uses.add(use) : !uses.contains(use);
        found += isNew ? 1 : 0;
    }

    private void taint() {
        if (!tainted.isEmpty()) {
            tainted.pop();
            tainted.push(true);
        }
    }

    @Override
    boolean enter(ChunkId id) {
        boolean enter = !clean.contains(id);
        if (enter) {
            tainted.push(false);
        }
        return enter;
    }

    @Override
    void read(ChunkId id, Supplier<String> what, Consumer<byte[]> children) {
        try {
            children.accept(chunks.read(space, id));
        } catch (QuernException e) {
            switch (e.kind()) {
                case CORRUPT, NOT_FOUND -> {
                    if (!wanted.test(id)) {
                        tell(new Use(id, what.get() + ": " + e.getMessage()));
                    }
                }
                default -> throw e;
            }
        }
    }

    @Override
    void leave(ChunkId id) {
        if (tainted.pop()) {
            taint();
        } else {
            clean.add(id);
        }
    }
}
