package dev.quern.storage;

/// A store whose chunks can be encrypted: opened before the facts that hold the keys, told of them
/// after.
interface KeyedChunks extends ChunkStore {
    /// Encrypts new chunks, and reads encrypted ones, with these keys from here on.
    void bind(SpaceKeys keys);
}
