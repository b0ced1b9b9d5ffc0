package dev.quern.storage;

import java.io.IOException;

/// A pack that nothing more is appended to and that waits to be forced.
interface PackOutput extends AutoCloseable {
    Pack pack();

    /// The end of its last chunk.
    long position();

    /// Writes what is still to be written of it and makes all of it durable, except for its names.
    void forceFinished() throws IOException;

    @Override
    void close() throws IOException;
}
