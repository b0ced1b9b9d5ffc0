package dev.quern.vector;

/// Keeps what is read open until it is closed.
interface ReadLease extends AutoCloseable {
    ReadableCollection live();

    @Override
    void close();
}
