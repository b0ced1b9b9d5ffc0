package dev.quern.storage;

/// A place in the order of [FactReader#scanIndex]: by index key, then by key.
///
/// @param indexKey one of the keys that the fact was put with
/// @param key the fact's own
public record IndexPosition(Key indexKey, Key key) {}
