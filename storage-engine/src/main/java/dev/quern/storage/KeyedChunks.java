package dev.quern.storage;

/// A store of an engine: chunks in packs, found through an index, that can be encrypted and
/// collected as garbage. It is opened before the facts that hold the keys, and told of them after.
interface KeyedChunks extends ChunkStore {
    /// Encrypts new chunks, and reads encrypted ones, with these keys from here on.
    void bind(SpaceKeys keys);

    /// Where the chunks are.
    PackIndex index();

    /// What garbage collection must spare.
    ChunkRetention retention();

    /// Bytes of all live records, as they are stored.
    long liveBytes();

    /// How often a chunk was found damaged since it was opened.
    long damaged();

    /// Chunks that were found damaged and are so still.
    long quarantined();
}
