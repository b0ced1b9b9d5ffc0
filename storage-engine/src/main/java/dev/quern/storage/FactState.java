package dev.quern.storage;

import org.jspecify.annotations.Nullable;

/// What transactions are checked against: values by encoded key ([FactFormat]).
interface FactState {
    /// The value at a key, or null.
    byte @Nullable [] get(byte[] key);
}
