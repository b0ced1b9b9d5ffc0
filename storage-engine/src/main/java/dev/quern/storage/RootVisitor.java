package dev.quern.storage;

import java.util.function.Consumer;
import java.util.function.Supplier;

/// Hears of the chunks that a space needs, from [ChunkRoots#visit]. What a chunk is needed for is
/// asked only where it is shown to someone, for example `volume models, commit ab12, w.bin`.
public interface RootVisitor {
    /// A chunk that names no others.
    void chunk(ChunkId id, Supplier<String> what);

    /// A chunk that names others.
    ///
    /// @param children is given the chunk's bytes and visits the chunks that they name; not called
    ///   when that would tell nothing new
    void node(ChunkId id, Supplier<String> what, Consumer<byte[]> children);
}
