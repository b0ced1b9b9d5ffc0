package dev.quern.vector;

import java.io.IOException;
import java.time.Duration;
import org.apache.lucene.search.IndexSearcher;

/// What can be read: a live collection, or one as a snapshot has it. Thread-safe.
interface ReadableCollection {
    /// Its fields.
    Fields schema();

    /// Reads the index.
    ///
    /// @throws dev.quern.common.QuernException `UNAVAILABLE` if it [#isFailed] by then
    <T> T read(Reading<T> reading);

    /// Whether the next reading finds the index as it is, so that it opens no file.
    default boolean isShown() {
        return false;
    }

    /// How long plain searches take here.
    SearchPace pace();

    /// Takes note of a search that was run, to tell in idle time how true such answers are.
    default void searched(Search search) {}

    /// Reads the index with the writes that are asked for, after [#await].
    default <T> T read(Consistency consistency, Reading<T> reading) {
        return read(reading);
    }

    /// Waits until a read can show the writes that are asked for.
    ///
    /// @param most how long
    /// @throws dev.quern.common.QuernException `INVALID` for a token that no write has yet,
    ///   `UNAVAILABLE` when the time is over
    default void await(Consistency consistency, Duration most) {}

    /// How its rows are indexed now.
    CollectionStats stats();

    /// Whether it must be closed and opened anew.
    boolean isFailed();

    /// Whether it was closed while it was in use and another takes its place.
    boolean isReplaced();

    /// Says which fields there are.
    interface Fields {
        /// The fields that the rows may have by now.
        Schema now();
    }

    /// Something that reads the index.
    interface Reading<T> {
        T read(IndexSearcher searcher) throws IOException;
    }
}
