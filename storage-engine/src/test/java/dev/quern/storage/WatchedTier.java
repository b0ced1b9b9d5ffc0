package dev.quern.storage;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Consumer;

/// Tells a test the name of each blob before it is put or deleted.
record WatchedTier(Tier tier, Consumer<String> beforePut, Consumer<String> beforeDelete)
        implements Tier {
    WatchedTier(Tier tier, Consumer<String> beforePut) {
        this(tier, beforePut, _ -> {});
    }

    @Override
    public boolean putIfAbsent(String name, MemorySegment bytes) {
        beforePut.accept(name);
        return tier.putIfAbsent(name, bytes);
    }

    @Override
    public boolean putIfAbsent(String name, Path file) {
        beforePut.accept(name);
        return tier.putIfAbsent(name, file);
    }

    @Override
    public long read(String name, long offset, MemorySegment target) {
        return tier.read(name, offset, target);
    }

    @Override
    public OptionalLong size(String name) {
        return tier.size(name);
    }

    @Override
    public List<Blob> list(String prefix, String after, int limit) {
        return tier.list(prefix, after, limit);
    }

    @Override
    public void delete(String name) {
        beforeDelete.accept(name);
        tier.delete(name);
    }

    @Override
    public void close() {
        tier.close();
    }
}
