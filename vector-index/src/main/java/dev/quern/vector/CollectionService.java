package dev.quern.vector;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkStore;
import dev.quern.storage.MetaLog;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/// Collections of all spaces. Thread-safe. Closing it checkpoints every open collection; the store
/// and the log stay open, their owner closes them.
@SuppressWarnings("DoNotCallSuggester") // the bodies follow in the next commit
public final class CollectionService implements AutoCloseable {
    /// Opens nothing yet; a collection is opened at its first use.
    public CollectionService(
            ChunkStore chunks,
            MetaLog facts,
            InstantSource clock,
            RandomGenerator random,
            CollectionConfig config) {}

    /// Creates a collection.
    ///
    /// @param ifNotExists true: an existing collection of the same dims, metric and model is
    ///   returned
    /// @throws dev.quern.common.QuernException `CONFLICT` if the name is taken
    public CollectionInfo create(SpaceId space, CollectionSpec spec, boolean ifNotExists) {
        throw new UnsupportedOperationException();
    }

    /// A collection.
    ///
    /// @throws dev.quern.common.QuernException `NOT_FOUND`
    public CollectionInfo get(SpaceId space, String name) {
        throw new UnsupportedOperationException();
    }

    /// The collections of a space in name order.
    public List<CollectionInfo> list(SpaceId space) {
        throw new UnsupportedOperationException();
    }

    /// Deletes a collection and its rows.
    ///
    /// @throws dev.quern.common.QuernException `NOT_FOUND`
    public void delete(SpaceId space, String name) {
        throw new UnsupportedOperationException();
    }

    /// Writes a batch in one atomic, durable step.
    ///
    /// @throws dev.quern.common.QuernException `INVALID` naming the row and what is wrong (nothing
    ///   is written), `NOT_FOUND`, `EXHAUSTED` at the bound on writes in progress
    public WriteResult write(SpaceId space, String name, WriteBatch batch) {
        throw new UnsupportedOperationException();
    }

    /// Searches; sees every write that returned before.
    ///
    /// @throws dev.quern.common.QuernException `INVALID`, `NOT_FOUND`
    public SearchOutcome search(SpaceId space, String name, SearchSpec spec) {
        throw new UnsupportedOperationException();
    }

    /// The row of an id, with its vector.
    ///
    /// @throws dev.quern.common.QuernException `NOT_FOUND` for the collection
    public Optional<Row> find(SpaceId space, String name, String id) {
        throw new UnsupportedOperationException();
    }

    /// A page of rows in id order.
    ///
    /// @param after only ids greater than this one
    /// @param limit 1 to 1,000
    /// @throws dev.quern.common.QuernException `INVALID`, `NOT_FOUND`
    public RowPage rows(
            SpaceId space, String name, Optional<String> after, int limit, boolean includeVector) {
        throw new UnsupportedOperationException();
    }

    /// Every row as it is now, for export.
    ///
    /// @throws dev.quern.common.QuernException `NOT_FOUND`
    @MustBeClosed
    public RowCursor cursor(SpaceId space, String name) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
