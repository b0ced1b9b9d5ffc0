package dev.quern.http;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.wire.RowBody;
import dev.quern.common.wire.SearchResult;
import dev.quern.common.wire.SearchRows;
import dev.quern.common.wire.SyncCollection;
import dev.quern.common.wire.UpsertResult;
import dev.quern.common.wire.UpsertRows;
import dev.quern.embed.CollectionText;
import dev.quern.embed.SyncProgress;
import dev.quern.embed.SyncSpec;
import dev.quern.embed.TextQuery;
import dev.quern.embed.TextRow;
import dev.quern.embed.VolumeIndexer;
import dev.quern.vector.Filter;
import dev.quern.vector.SearchOutcome;
import dev.quern.vector.WriteResult;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What collections do with text: upserts and searches that may need embedding, and syncs.
final class TextRoutes {
    private static final Logger LOG = LoggerFactory.getLogger(TextRoutes.class);
    private static final int MAX_ROWS = 10_000;
    private static final int MAX_HITS = 1000;

    private final CollectionText texts;
    private final VolumeIndexer indexer;

    TextRoutes(CollectionText texts, VolumeIndexer indexer) {
        this.texts = texts;
        this.indexer = indexer;
    }

    List<Route> routes() {
        return List.of(
                Route.of("POST", "/v1/collections/{collection}/upsert", this::upsert),
                Route.of("POST", "/v1/collections/{collection}/search", this::search),
                Route.of("POST", "/v1/collections/{collection}/sync", this::sync));
    }

    private Reply upsert(Request request) throws IOException {
        request.query().allow();
        List<RowBody> rows = request.json(UpsertRows.class).rows();
        if (rows.isEmpty() || rows.size() > MAX_ROWS) {
            throw QuernException.invalid(
                    "'rows' must have 1 to " + MAX_ROWS + " elements, got " + rows.size());
        }
        WriteResult result =
                texts.upsert(
                        request.space(),
                        request.path("collection"),
                        rows.stream().map(TextRoutes::row).toList());
        return Reply.json(new UpsertResult(result.upserted(), result.token()));
    }

    private static TextRow row(RowBody body) {
        return new TextRow(
                body.id(),
                Optional.ofNullable(body.text()),
                vector(body.vector()),
                Objects.requireNonNullElse(body.attributes(), Map.of()));
    }

    private static Optional<float[]> vector(@Nullable List<Float> vector) {
        return Optional.ofNullable(vector).map(FloatList::toArray);
    }

    private Reply search(Request request) throws IOException {
        request.query().allow();
        SearchRows body = request.json(SearchRows.class);
        TextQuery query = query(body);
        long start = System.nanoTime();
        SearchOutcome outcome = texts.search(request.space(), request.path("collection"), query);
        return Reply.json(
                new SearchResult(
                        outcome.hits().stream().map(CollectionWire::hit).toList(),
                        query.effectiveMode().toString(),
                        (System.nanoTime() - start) / 1e6));
    }

    private static TextQuery query(SearchRows body) {
        int limit = Objects.requireNonNullElse(body.limit(), 10);
        if (limit < 1 || limit > MAX_HITS) {
            throw QuernException.invalid("'limit' must be 1 to " + MAX_HITS + ", got " + limit);
        }
        return new TextQuery(
                Optional.ofNullable(body.mode()).map(TextQuery.Mode::parse),
                Optional.ofNullable(body.text()),
                vector(body.vector()),
                Optional.ofNullable(body.filter()).map(Filter::fromJson),
                limit,
                Boolean.TRUE.equals(body.includeVector()),
                Boolean.TRUE.equals(body.exact()));
    }

    private Reply sync(Request request) throws IOException {
        request.query().allow();
        SyncCollection body = request.json(SyncCollection.class);
        SyncSpec spec =
                new SyncSpec(
                        body.volume(),
                        Objects.requireNonNullElse(body.glob(), "**"),
                        Optional.ofNullable(body.at()));
        return Ndjson.reply(lines -> sync(request, spec, lines));
    }

    /// Before the first line a failure is an error reply like any other, then it is the last line.
    private void sync(Request request, SyncSpec spec, Ndjson lines) {
        AtomicReference<@Nullable SyncProgress> last = new AtomicReference<>();
        try {
            lines.write(
                    SyncWire.done(
                            indexer.sync(
                                    request.space(),
                                    request.path("collection"),
                                    spec,
                                    progress -> {
                                        lines.write(SyncWire.progress(progress));
                                        last.set(progress);
                                    })));
        } catch (QuernException e) {
            SyncProgress told = last.get();
            if (told == null) {
                throw e;
            }
            Failure failure = Failure.of(e, request.id());
            if (failure.kind() == ErrorKind.INTERNAL || failure.kind() == ErrorKind.CORRUPT) {
                LOG.error("sync failed: request_id={}", request.id(), e);
            }
            lines.write(SyncWire.error(told, failure.body()));
        }
    }
}
