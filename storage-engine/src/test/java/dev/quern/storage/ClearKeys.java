package dev.quern.storage;

import dev.quern.common.SpaceId;
import java.util.Optional;

/// The keys of a store that encrypts nothing.
final class ClearKeys implements SpaceKeys {
    @Override
    public Optional<DataKey> current(SpaceId space) {
        return Optional.empty();
    }

    @Override
    public DataKey get(SpaceId space, int keyId) {
        throw new AssertionError("key " + keyId + " of " + space + ": nothing is encrypted");
    }
}
