package dev.quern.storage;

import dev.quern.common.SpaceId;
import java.util.Set;

/// The roots of facts that name no chunks.
record NoRoots(Set<String> kinds) implements ChunkRoots {
    @Override
    public void visit(SpaceId space, RootVisitor visitor) {
        // Nothing is named.
    }
}
