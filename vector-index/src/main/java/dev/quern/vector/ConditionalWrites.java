package dev.quern.vector;

import dev.quern.common.QuernException;
import java.io.IOException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;
import org.apache.lucene.search.ConstantScoreQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.ScoreDoc;

/// The writes of a collection that depend on its rows. Each takes the locks of its rows, reads them
/// as every acknowledged write left them, decides what it comes to, and has only that stored: whole
/// rows and ids. So a replay of the log, which may come to an index that is ahead of it, has
/// nothing to decide. Thread-safe.
final class ConditionalWrites {
    private static final int MAX_SWEPT = 1_000;

    private final LiveCollection collection;
    private final RowLocks locks;
    private final CpuPool pool;
    private final WriteAdmission admission;
    private final InstantSource clock;

    /// @param locks which the collection's other writes take, too
    /// @param pool reads rows
    ConditionalWrites(
            LiveCollection collection,
            RowLocks locks,
            CpuPool pool,
            WriteAdmission admission,
            InstantSource clock) {
        this.collection = collection;
        this.locks = locks;
        this.pool = pool;
        this.admission = admission;
        this.clock = clock;
    }

    /// Writes rows.
    ///
    /// @param called as for [LiveCollection#write]
    /// @throws QuernException `INVALID`; `CONFLICT` naming the first row whose version is not the
    ///   one expected; nothing is written then
    WriteResult write(Definition called, RowWrite asked) {
        return collection.admitted(place -> {
            RowWrite checked = collection.schema().check(asked);
            List<String> ids = new ArrayList<>();
            checked.rows().forEach(change -> ids.add(change.row().id()));
            checked.deletes().forEach(delete -> ids.add(delete.id()));
            boolean whole = checked.mode() == RowWrite.Mode.PATCH;
            try (RowLocks.Held _ = locks.exclusive(ids)) {
                return store(
                        called,
                        place,
                        checked.ids(),
                        () ->
                                Resolution.of(
                                        checked, collection.reads().current(ids, finder(whole))));
            }
        });
    }

    /// Merges a patch into every row that matches.
    ///
    /// @param called as for [LiveCollection#write]
    /// @param patch its id names it in errors
    /// @throws QuernException `INVALID`, too when more than [WriteCheck#MAX_ROWS] match
    WriteResult patchWhere(Definition called, Filter where, RowChange patch) {
        return collection.admitted(place -> {
            RowWrite asked = new RowWrite(RowWrite.Mode.PATCH, List.of(patch), List.of());
            RowChange checked = collection.schema().check(asked).rows().getFirst();
            FilterCheck.check(where, collection.schema().now());
            try (RowLocks.Held _ = locks.exclusive()) {
                return store(
                        called,
                        place,
                        Optional.empty(),
                        () -> {
                            Map<String, Row> rows = collection.read(s -> matching(s, where));
                            List<RowChange> changes = new ArrayList<>();
                            rows.forEach((_, row) -> changes.add(patched(checked, row)));
                            return Resolution.of(
                                    new RowWrite(RowWrite.Mode.PATCH, changes, List.of()), rows);
                        });
            }
        });
    }

    /// Deletes rows that expired, unless they were written anew since.
    ///
    /// @param called as for [LiveCollection#write]
    /// @return whether there may be more; to look once more when there is not also tells the index
    ///   when its next row expires, which goes into its checkpoint
    boolean sweep(Definition called) {
        List<String> ids = collection.reads().expired(MAX_SWEPT);
        if (ids.isEmpty()) {
            return false;
        }
        collection.admitted(place -> {
            try (RowLocks.Held _ = locks.exclusive(ids)) {
                return store(called, place, Optional.empty(), () -> expired(ids));
            }
        });
        return true;
    }

    private Resolution expired(List<String> ids) {
        Instant now = clock.instant();
        List<String> gone = new ArrayList<>();
        collection
                .reads()
                .stored(ids, finder(false))
                .forEach((id, row) -> {
                    if (row.isExpired(now)) {
                        gone.add(id);
                    }
                });
        gone.sort(null);
        return new Resolution(WriteBatch.delete(gone), WriteResult.Skipped.NONE);
    }

    /// The patch for one row.
    private static RowChange patched(RowChange patch, Row row) {
        Row given = patch.row();
        return patch.with(
                new Row(
                        row.id(),
                        given.vectors(),
                        given.texts(),
                        given.attributes(),
                        0,
                        given.expires()));
    }

    private Map<String, Row> matching(IndexSearcher searcher, Filter where) throws IOException {
        Schema schema = collection.schema().now();
        ScoreDoc[] found =
                searcher.search(
                                new ConstantScoreQuery(new FilterQueries(schema).query(where)),
                                WriteCheck.MAX_ROWS + 1)
                        .scoreDocs;
        if (found.length > WriteCheck.MAX_ROWS) {
            throw QuernException.invalid(
                    "more than "
                            + WriteCheck.MAX_ROWS
                            + " rows match the filter of the patch: narrow it and patch in parts");
        }
        List<Integer> docs = Arrays.stream(found).map(hit -> hit.doc).sorted().toList();
        return new CurrentRows(searcher.getIndexReader(), schema).whole(docs, admission.maxBytes());
    }

    private LiveReads.Finder finder(boolean whole) {
        return (searcher, ids) -> {
            CurrentRows rows =
                    new CurrentRows(searcher.getIndexReader(), collection.schema().now());
            return whole ? rows.whole(ids, admission.maxBytes()) : rows.stamps(ids);
        };
    }

    private WriteResult store(
            Definition called,
            WriteAdmission.Place place,
            Optional<IdType> ids,
            Supplier<Resolution> resolving) {
        Resolution resolved = pool.call(resolving::get);
        if (resolved.isNothing()) {
            return new WriteResult(collection.shown().appliedToken(), 0, 0, resolved.skipped());
        }
        WriteBatch batch = collection.schema().declare(resolved.batch(), ids);
        WriteResult stored =
                collection.commit(called, batch, place, OptionalInt.of(batch.deleteIds().size()));
        return new WriteResult(
                stored.token(), stored.upserted(), stored.deleted(), resolved.skipped());
    }
}
