package dev.quern.storage;

import java.io.IOException;

/// A pack that nothing more is appended to and that waits to be forced.
interface PackOutput extends AutoCloseable {
    Pack pack();

    /// Makes all of it durable, except for its names.
    void force() throws IOException;

    @Override
    void close() throws IOException;
}
