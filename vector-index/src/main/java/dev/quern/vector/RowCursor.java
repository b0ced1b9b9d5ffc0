package dev.quern.vector;

import java.util.List;

/// Every row of a collection at one moment, once each, in no particular order; later writes do not
/// show. Holds the moment's index files open until it is closed. Not thread-safe.
public interface RowCursor extends AutoCloseable {
    /// The collection, with the number of rows that the cursor gives in all.
    CollectionInfo collection();

    /// The next rows with their vectors, versions and expiries; empty at the end.
    ///
    /// @param max 1 to 100,000; fewer come when rows are big (about 16 MiB a batch)
    List<Row> next(int max);

    @Override
    void close();
}
