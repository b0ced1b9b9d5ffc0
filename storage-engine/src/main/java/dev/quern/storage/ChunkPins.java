package dev.quern.storage;

/// Keeps chunks from being removed by [Gc] until it is closed; a second close does nothing. Lives
/// in memory only: what no fact names is garbage after a restart. Thread-safe.
public interface ChunkPins extends AutoCloseable {
    @Override
    void close();
}
