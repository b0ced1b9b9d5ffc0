package dev.quern.vector;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.store.AlreadyClosedException;

/// The reads of an open collection. Thread-safe.
final class LiveReads {
    private final LiveCollection collection;
    private final LiveHealth health;
    private final LuceneIndex index;
    private final InstantSource clock;

    /// @param index of the collection, which closes it
    LiveReads(
            LiveCollection collection, LiveHealth health, LuceneIndex index, InstantSource clock) {
        this.collection = collection;
        this.health = health;
        this.index = index;
        this.clock = clock;
    }

    /// Finds rows by id.
    interface Finder {
        /// Those that there are, in a map that may be changed.
        Map<String, Row> find(IndexSearcher searcher, Collection<String> ids) throws IOException;
    }

    /// Where a searcher comes from.
    private interface Source {
        IndexSearcher acquire() throws IOException;
    }

    /// Reads the index, without rows that expired.
    <T> T read(Consistency consistency, ReadableCollection.Reading<T> reading) {
        return all(
                () -> collection.shown().searcher(consistency),
                searcher -> reading.read(Expiry.visible(searcher, clock.instant())));
    }

    /// Whether rows expired of those that the index shows.
    boolean hasExpired() {
        Instant now = clock.instant();
        return index.firstExpiry() <= now.toEpochMilli()
                && all(index::acquire, s -> Expiry.isAny(s.getIndexReader(), now));
    }

    /// Ids of rows that expired and were not deleted.
    List<String> expired(int max) {
        IdType ids = collection.schema().now().fields().ids();
        return all(
                () -> collection.shown().searcher(Consistency.strong()),
                s -> Expiry.expired(s, clock.instant(), max, ids));
    }

    private <T> T all(Source source, ReadableCollection.Reading<T> reading) {
        try {
            IndexSearcher searcher = source.acquire();
            try {
                return reading.read(searcher);
            } finally {
                index.release(searcher);
            }
        } catch (AlreadyClosedException e) {
            throw health.unavailable("was closed", e);
        } catch (IOException e) {
            throw health.failed("cannot be read", e);
        } catch (QuernException e) {
            throw e.kind() == ErrorKind.CORRUPT ? health.failed("cannot be read", e) : e;
        }
    }

    /// Rows as they are now, by id, without those that expired. The caller holds their locks, so
    /// that no write of them is on its way.
    Map<String, Row> current(Collection<String> ids, Finder finder) {
        Map<String, Row> rows = stored(ids, finder);
        Instant now = clock.instant();
        rows.values().removeIf(row -> row.isExpired(now));
        return rows;
    }

    /// The same with those that expired.
    Map<String, Row> stored(Collection<String> ids, Finder finder) {
        Map<String, Optional<Row>> changed = new HashMap<>();
        Map<String, Row> rows =
                all(
                        () -> collection.shown().searcher(ids, changed),
                        searcher -> {
                            List<String> others = new ArrayList<>(ids);
                            others.removeIf(changed::containsKey);
                            return finder.find(searcher, others);
                        });
        changed.forEach((id, row) -> row.ifPresent(there -> rows.put(id, there)));
        return rows;
    }

    /// How the rows are indexed now.
    CollectionStats stats() {
        boolean merging = index.isMerging();
        return read(
                Consistency.strong(),
                searcher ->
                        CollectionStats.of(
                                searcher.getIndexReader(), collection.schema().now(), merging));
    }
}
