package dev.quern.storage;

import dev.quern.common.SpaceId;
import java.util.Optional;

/// Another place where chunks may be found, such as a backup or a tier.
public interface ChunkSource {
    /// The bytes of a chunk; they need not be right, whoever asks verifies them.
    ///
    /// @throws dev.quern.common.QuernException if it cannot tell now
    Optional<byte[]> fetch(SpaceId space, ChunkId id);
}
