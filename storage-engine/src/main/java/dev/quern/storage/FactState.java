package dev.quern.storage;

import org.jspecify.annotations.Nullable;

/// What transactions are checked against and reads are answered from: values by encoded key
/// ([FactFormat]).
interface FactState {
    /// The value at a key, or null.
    byte @Nullable [] get(byte[] key);

    /// Sees keys and values from `from` (inclusive) to `to` (exclusive), in byte order or, if
    /// `descending`, the other way round, until the visitor says false.
    void scan(byte[] from, byte[] to, boolean descending, EntryVisitor visitor);
}
