package dev.quern.storage;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;

/// All owners of facts that name chunks. Nothing is removed while facts are there that nobody
/// answers for. Thread-safe.
public final class RootRegistry {
    private final List<ChunkRoots> owners = new CopyOnWriteArrayList<>();

    RootRegistry() {}

    /// Adds an owner, for as long as the engine is open.
    public void register(ChunkRoots owner) {
        owners.add(owner);
    }

    /// Checks that every fact of a space has an owner.
    ///
    /// @param kinds first components of the space's keys
    /// @throws QuernException `UNAVAILABLE` naming the facts that have none
    void requireOwners(SpaceId space, Set<String> kinds) {
        Set<String> unknown = new TreeSet<>(kinds);
        owners.forEach(owner -> unknown.removeAll(owner.kinds()));
        if (!unknown.isEmpty()) {
            throw new QuernException(
                    ErrorKind.UNAVAILABLE,
                    "space "
                            + space
                            + " has facts that nobody answers for, so that no chunk of it can be"
                            + " told to be garbage: "
                            + String.join(", ", unknown));
        }
    }

    /// Reports every chunk that a space needs.
    void visit(SpaceId space, RootVisitor visitor) {
        owners.forEach(owner -> owner.visit(space, visitor));
    }
}
