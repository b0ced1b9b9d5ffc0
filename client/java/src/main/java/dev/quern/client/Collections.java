package dev.quern.client;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.wire.CollectionBody;
import dev.quern.common.wire.CollectionIndex;
import dev.quern.common.wire.CollectionList;
import dev.quern.common.wire.CountResult;
import dev.quern.common.wire.CountRows;
import dev.quern.common.wire.CreateCollection;
import dev.quern.common.wire.DeleteResult;
import dev.quern.common.wire.DeleteRows;
import dev.quern.common.wire.MergeResult;
import dev.quern.common.wire.PatchRows;
import dev.quern.common.wire.RowBody;
import dev.quern.common.wire.RowPage;
import dev.quern.common.wire.SchemaBody;
import dev.quern.common.wire.SearchResult;
import dev.quern.common.wire.SearchRows;
import dev.quern.common.wire.SyncCollection;
import dev.quern.common.wire.SyncEvent;
import dev.quern.common.wire.UpsertResult;
import dev.quern.common.wire.UpsertRows;
import java.io.InputStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Collections: rows with an id, texts, attributes and vectors, searched by vectors, by BM25 or by
/// both.
public final class Collections {
    private final HttpTransport http;

    Collections(HttpTransport http) {
        this.http = http;
    }

    /// Creates a collection, or returns the one of the same name and shape when `ifNotExists`.
    ///
    /// @throws dev.quern.common.QuernException `CONFLICT` if there is one already, or one of
    ///   another shape
    public CollectionBody create(CreateCollection request) {
        boolean repeatable = Boolean.TRUE.equals(request.ifNotExists());
        return http.json(
                Request.json(
                        "POST",
                        Target.of("collections"),
                        request,
                        repeatable ? Retry.ALWAYS : Retry.IF_NOT_ADMITTED),
                CollectionBody.class);
    }

    /// Adds fields to a collection; a field that is there with the same type is left as it is.
    ///
    /// @return the collection with all its fields
    /// @throws dev.quern.common.QuernException `NOT_FOUND`; `CONFLICT` for a field that is there
    ///   with another type
    public CollectionBody addFields(String name, SchemaBody fields) {
        return http.json(
                Request.json("PATCH", Target.of("collections", name), fields, Retry.ALWAYS),
                CollectionBody.class);
    }

    /// The collection of this name or alias.
    ///
    /// @throws dev.quern.common.QuernException `NOT_FOUND` if there is none
    public CollectionBody get(String name) {
        return http.json(Request.get(Target.of("collections", name)), CollectionBody.class);
    }

    /// All collections in name order.
    public List<CollectionBody> list() {
        return http.json(Request.get(Target.of("collections")), CollectionList.class).collections();
    }

    /// Deletes a collection with its rows, snapshots and aliases.
    ///
    /// @throws dev.quern.common.QuernException `NOT_FOUND` if there is none; `CONFLICT` if the name
    ///   is an alias
    public void delete(String name) {
        http.run(Request.delete(Target.of("collections", name)));
    }

    /// Writes rows, replacing those of the same id; all of them or none, durable and visible to
    /// searches when it returns.
    ///
    /// @param rows 1 to 10,000
    public UpsertResult upsert(String collection, List<RowBody> rows) {
        List<RowBody> written = rows.stream().map(RowBody::withoutVersion).toList();
        return http.json(
                post(collection, "upsert", new UpsertRows(written)).waiting(), UpsertResult.class);
    }

    /// Writes rows whose fields come by their names, such as `Map.of("id", "a", "vector", vector,
    /// "title", "..", "year", 2020)`: the collection's schema tells vectors and texts, all else are
    /// attributes, and null is no value. All of them or none, as [#upsert].
    ///
    /// @param rows 1 to 10,000; values that Jackson writes as JSON; an id is a string, or a number
    ///   where the collection's ids are `uint64`
    public UpsertResult upsertFields(String collection, List<? extends Map<String, ?>> rows) {
        return http.json(
                post(collection, "upsert", Map.of("rows", rows)).waiting(), UpsertResult.class);
    }

    /// Writes rows as [#upsertFields] takes them by a mode: `upsert`, `insert`, `update` or
    /// `patch`, for which null removes a field. Otherwise as [#write].
    ///
    /// @param ttl seconds after which the rows expire that do not say when; null: never
    public UpsertResult writeFields(
            String collection,
            List<? extends Map<String, ?>> rows,
            String mode,
            @Nullable Long ttl) {
        Map<String, Object> body = new HashMap<>(Map.of("rows", rows));
        if (ttl != null) {
            body.put("ttl", ttl);
        }
        if (mode.equals("patch")) {
            return http.json(once(collection, "patch", body), UpsertResult.class);
        }
        body.put("mode", mode);
        return http.json(once(collection, "upsert", body), UpsertResult.class);
    }

    /// Writes columns: by the name of a field, as in [#upsertFields], its values in the order of
    /// the rows. All of them or none, as [#upsert].
    ///
    /// @param columns lists or arrays of equal length, 1 to 10,000, `id` among them; null where a
    ///   row has no value
    public UpsertResult upsertColumns(String collection, Map<String, ?> columns) {
        return http.json(
                post(collection, "upsert", Map.of("columns", columns)).waiting(),
                UpsertResult.class);
    }

    /// Writes rows by a mode, under conditions, or with a time to live; all of them or none.
    ///
    /// @param rows see [UpsertRows] and [RowBody]
    /// @return the rows that the mode skipped, too
    /// @throws dev.quern.common.QuernException `CONFLICT` naming the first row whose version is not
    ///   the one expected. It is not sent again when it may have taken place: `UNAVAILABLE` then
    public UpsertResult write(String collection, UpsertRows rows) {
        return http.json(once(collection, "upsert", rows), UpsertResult.class);
    }

    /// Merges rows into those that are there: what is given replaces, null in a map removes, the
    /// rest stays; or merges `set` into every row that a filter selects. Otherwise as [#write].
    public UpsertResult patch(String collection, PatchRows rows) {
        return http.json(once(collection, "patch", rows), UpsertResult.class);
    }

    /// Deletes rows by id; unknown ids are ignored.
    public DeleteResult deleteRows(String collection, List<String> ids) {
        return http.json(
                post(collection, "delete", new DeleteRows(ids, null, null)), DeleteResult.class);
    }

    /// Deletes rows that have the versions given by id, all of them or none.
    ///
    /// @throws dev.quern.common.QuernException as [#write]
    public DeleteResult deleteRowsIf(String collection, Map<String, Long> versions) {
        DeleteRows body = new DeleteRows(List.copyOf(versions.keySet()), null, versions);
        return http.json(once(collection, "delete", body), DeleteResult.class);
    }

    /// Deletes the rows that a filter selects; see [SearchRows] for filters.
    public DeleteResult deleteRowsWhere(String collection, Object filter) {
        return http.json(
                post(collection, "delete", new DeleteRows(null, filter, null)), DeleteResult.class);
    }

    /// Searches; best hit first.
    public SearchResult search(String collection, SearchRows request) {
        return http.json(post(collection, "search", request), SearchResult.class);
    }

    /// Aliases, renames, snapshots, branches and rollbacks.
    public CollectionVersions versions() {
        return new CollectionVersions(http);
    }

    /// How wide searches walk.
    public CollectionTuning tuning() {
        return new CollectionTuning(http);
    }

    /// How the rows are indexed now.
    public CollectionIndex stats(String collection) {
        return http.json(
                Request.get(Target.of("collections", collection, "stats")), CollectionIndex.class);
    }

    /// Begins at once the merge that an idle collection comes to by itself.
    ///
    /// @return whether one is under way; false when nothing is left to merge
    public boolean merge(String collection) {
        return http.json(post(collection, "merge", Map.of()), MergeResult.class).merging();
    }

    /// How many rows match.
    ///
    /// @param filter null: all rows
    public long count(String collection, @Nullable Object filter) {
        return count(collection, filter, null);
    }

    /// How many rows match in a snapshot.
    ///
    /// @param filter null: all rows
    /// @param at a snapshot's name, the token of a write or a moment (RFC 3339); null: the rows as
    ///   they are now
    public long count(String collection, @Nullable Object filter, @Nullable String at) {
        return countRows(collection, new CountRows(filter, at, null, null));
    }

    /// How many rows match, with the consistency of the request.
    public long countRows(String collection, CountRows request) {
        return http.json(post(collection, "count", request), CountResult.class).count();
    }

    /// The row of this id.
    ///
    /// @throws dev.quern.common.QuernException `NOT_FOUND` if there is none
    public RowBody row(String collection, String id) {
        return row(collection, id, Optional.empty());
    }

    /// The row of this id in a snapshot.
    ///
    /// @param at a snapshot's name, the token of a write or a moment (RFC 3339); empty: the rows as
    ///   they are now
    /// @throws dev.quern.common.QuernException `NOT_FOUND` if there is none
    public RowBody row(String collection, String id, Optional<String> at) {
        return http.json(
                Request.get(Target.of("collections", collection, "rows", id).query("at", at)),
                RowBody.class);
    }

    /// The row of this id with its version, for a write that is to follow on it.
    ///
    /// @throws dev.quern.common.QuernException `NOT_FOUND` if there is none
    public RowBody versionedRow(String collection, String id) {
        Target target = Target.of("collections", collection, "rows", id);
        return http.json(Request.get(target.query("include_version", true)), RowBody.class);
    }

    /// One page of rows in id order.
    ///
    /// @param page which rows
    public RowPage rows(String collection, Page page) {
        Target target =
                Target.of("collections", collection, "rows")
                        .query("after", page.after())
                        .query("limit", page.limit())
                        .query("include_vector", page.includeVector())
                        .query("at", page.at())
                        .query("include_version", page.includeVersion() ? true : null);
        return http.json(Request.get(target), RowPage.class);
    }

    /// Every row of one snapshot as lines of JSON, as they arrive: an
    /// [dev.quern.common.wire.ExportHead], then rows that [#upsertFields] takes. The caller closes
    /// the stream; its end without an exception is the end of the rows.
    ///
    /// @param base64 vectors as base64 of little-endian float32 instead of lists
    @MustBeClosed
    public InputStream export(String collection, boolean base64) {
        return export(collection, base64, Optional.empty());
    }

    /// The same of a snapshot.
    ///
    /// @param at a snapshot's name, the token of a write or a moment (RFC 3339); empty: the rows as
    ///   they are now
    @MustBeClosed
    public InputStream export(String collection, boolean base64, Optional<String> at) {
        return http.open(
                        Request.get(
                                        Target.of("collections", collection, "export")
                                                .query("base64", base64)
                                                .query("at", at))
                                .waiting())
                .body();
    }

    /// Brings the rows in step with a volume's text files: what changed since the last sync is
    /// split, embedded and written, what is gone is deleted. Returns when done; a broken connection
    /// may be followed by another sync, which goes on where the first stopped.
    ///
    /// @param progress called on this thread for each report, the last one included
    /// @return the last report
    /// @throws dev.quern.common.QuernException what stopped the sync
    public SyncEvent sync(String collection, SyncCollection request, Consumer<SyncEvent> progress) {
        Request post =
                Request.json(
                                "POST",
                                Target.of("collections", collection, "sync"),
                                request,
                                Retry.IF_NOT_ADMITTED)
                        .waiting();
        return Ndjson.last(
                http,
                post,
                SyncEvent.class,
                event -> {
                    if ("error".equals(event.type())) {
                        throw Failures.of(event.error());
                    }
                    progress.accept(event);
                    return "done".equals(event.type());
                });
    }

    /// What does something else when it is done twice.
    private static Request once(String collection, String verb, Object body) {
        return Request.json(
                        "POST",
                        Target.of("collections", collection, verb),
                        body,
                        Retry.IF_NOT_ADMITTED)
                .waiting();
    }

    /// These requests name rows by id or only read, so that twice is once.
    private static Request post(String collection, String verb, Object body) {
        return Request.json("POST", Target.of("collections", collection, verb), body, Retry.ALWAYS);
    }

    /// A page of rows to ask for.
    ///
    /// @param after the `next` of the page before, empty for the first
    /// @param limit rows, 1 or more
    /// @param includeVector whether rows come with their vectors
    /// @param at a snapshot's name, the token of a write or a moment (RFC 3339); empty: the rows as
    ///   they are now
    /// @param includeVersion whether rows tell their version and when they expire
    public record Page(
            Optional<String> after,
            int limit,
            boolean includeVector,
            Optional<String> at,
            boolean includeVersion) {
        /// A page of a snapshot, or of the rows as they are now.
        public Page(Optional<String> after, int limit, boolean includeVector, Optional<String> at) {
            this(after, limit, includeVector, at, false);
        }

        /// A page of the rows as they are now.
        public Page(Optional<String> after, int limit, boolean includeVector) {
            this(after, limit, includeVector, Optional.empty());
        }
    }
}
