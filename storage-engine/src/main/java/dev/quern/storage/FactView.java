package dev.quern.storage;

/// The facts at one index, whatever is committed later. Thread-safe. Whoever took it closes it;
/// reads after that, or after the log is closed, are `UNAVAILABLE`.
public interface FactView extends FactReader, AutoCloseable {
    /// The index, and the hash of the state there.
    LogPosition position();

    @Override
    void close();
}
