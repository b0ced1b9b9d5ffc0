package dev.quern.storage;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import java.util.Optional;

/// The data keys of spaces, as the chunk store needs them. Thread-safe.
interface SpaceKeys {
    /// No space has a key: everything new is stored in the clear.
    SpaceKeys NONE =
            new SpaceKeys() {
                @Override
                public Optional<DataKey> current(SpaceId space) {
                    return Optional.empty();
                }

                @Override
                public DataKey get(SpaceId space, int keyId) {
                    throw new QuernException(
                            ErrorKind.UNAVAILABLE,
                            "space "
                                    + space
                                    + " is encrypted with its data key "
                                    + keyId
                                    + ": open the store with the operator key");
                }
            };

    /// The key to encrypt new chunks of a space with, or empty to store them in the clear.
    Optional<DataKey> current(SpaceId space);

    /// A key of a space, for reading.
    ///
    /// @throws QuernException `UNAVAILABLE` if it is not known, as without the operator key
    DataKey get(SpaceId space, int keyId);
}
