package dev.quern.storage;

import dev.quern.common.SpaceId;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Another place where chunks may be found, such as a backup or a tier.
public interface ChunkSource {
    /// Says which chunks are about to be fetched, so that they can be looked for together.
    ///
    /// @throws dev.quern.common.QuernException if it cannot look now
    default void expect(Map<SpaceId, Set<ChunkId>> wanted) {}

    /// The bytes of a chunk; they need not be right, whoever asks verifies them.
    ///
    /// @throws dev.quern.common.QuernException if it cannot tell now
    Optional<byte[]> fetch(SpaceId space, ChunkId id);
}
