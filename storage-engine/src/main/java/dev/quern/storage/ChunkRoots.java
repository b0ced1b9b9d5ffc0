package dev.quern.storage;

import dev.quern.common.SpaceId;
import java.util.Set;

/// One owner of facts that name chunks: it tells which chunks these facts need, so that everything
/// else is garbage. Registered with [StorageEngine#roots]; thread-safe.
///
/// What is missed here is removed from the store, so an owner follows three rules:
///
/// 1. It answers for every fact that begins with one of its [#kinds], and reports every chunk that
///    such a fact names, directly or through another chunk, and every chunk that a reader of it
///    still needs although its fact is gone.
/// 2. Where one transaction moves a chunk's name from one fact to another, the source is visited
///    before the destination.
/// 3. Whoever puts chunks holds [ChunkStore#pinWrites] from before the first put until the fact
///    that names them is committed.
public interface ChunkRoots {
    /// The first components of the keys of all facts that it answers for.
    Set<String> kinds();

    /// Reports every chunk that a space needs, once or more often.
    ///
    /// @throws dev.quern.common.QuernException if it cannot tell; nothing of the space is removed
    ///   then
    void visit(SpaceId space, RootVisitor visitor);

    /// Answers for facts that name no chunks.
    static ChunkRoots none(String... kinds) {
        return new NoRoots(Set.of(kinds));
    }
}
