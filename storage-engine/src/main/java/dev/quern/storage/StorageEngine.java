package dev.quern.storage;

import com.google.errorprone.annotations.MustBeClosed;

/// Both primitives on one directory: `chunks/` and `facts/`. Opens them in order and closes them in
/// reverse. Thread-safe.
public final class StorageEngine implements AutoCloseable {
    private final ChunkStore chunks;
    private final MetaLog facts;

    StorageEngine(ChunkStore chunks, MetaLog facts) {
        this.chunks = chunks;
        this.facts = facts;
    }

    /// Opens the directory, making it when absent.
    ///
    /// @throws dev.quern.common.QuernException `CONFLICT` if another engine has the directory open;
    ///   `CORRUPT` naming the file if its bytes do not match; `UNAVAILABLE` if it cannot be read or
    ///   written
    @MustBeClosed
    @SuppressWarnings("DoNotCallSuggester")
    public static StorageEngine open(StorageConfig config) {
        throw new UnsupportedOperationException(config.toString());
    }

    /// The bytes.
    public ChunkStore chunks() {
        return chunks;
    }

    /// The facts.
    public MetaLog facts() {
        return facts;
    }

    @Override
    public void close() {
        try (chunks) {
            facts.close();
        }
    }
}
