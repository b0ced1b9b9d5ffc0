package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import java.util.Optional;

/// The data keys of spaces, as the chunk store needs them. Thread-safe.
interface SpaceKeys {
    /// Stands in until the store is bound to its facts: it neither reads nor writes meanwhile.
    SpaceKeys UNBOUND =
            new SpaceKeys() {
                @Override
                public Optional<DataKey> current(SpaceId space) {
                    throw QuernException.internal("chunk store is not bound to its keys", null);
                }

                @Override
                public DataKey get(SpaceId space, int keyId) {
                    throw QuernException.internal("chunk store is not bound to its keys", null);
                }
            };

    /// The key to encrypt new chunks of a space with, or empty to store them in the clear.
    Optional<DataKey> current(SpaceId space);

    /// A key of a space, for reading.
    ///
    /// @throws QuernException `UNAVAILABLE` if it is not known, as without the operator key
    DataKey get(SpaceId space, int keyId);
}
