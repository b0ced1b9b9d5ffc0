package dev.quern.http;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.common.wire.PatchRows;
import dev.quern.common.wire.RowBody;
import dev.quern.common.wire.UpsertResult;
import dev.quern.common.wire.UpsertRows;
import dev.quern.embed.CollectionText;
import dev.quern.vector.CollectionSchema;
import dev.quern.vector.CollectionService;
import dev.quern.vector.Filter;
import dev.quern.vector.IdType;
import dev.quern.vector.RowWrite;
import dev.quern.vector.WriteResult;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Writes of rows, whose texts may need embedding.
final class WriteRoutes {
    private static final int MAX_ROWS = 10_000;

    private final CollectionService collections;
    private final CollectionText texts;

    WriteRoutes(CollectionService collections, CollectionText texts) {
        this.collections = collections;
        this.texts = texts;
    }

    List<Route> routes() {
        return List.of(
                Route.of("POST", "/v1/collections/{collection}/upsert", this::upsert),
                Route.of("POST", "/v1/collections/{collection}/patch", this::patch));
    }

    private Reply upsert(Request request) throws IOException {
        request.query().allow();
        long start = System.nanoTime();
        SpaceId space = request.space();
        String name = request.path("collection");
        RowReading reading = new RowReading(collections.schema(space, name));
        UpsertRows body = request.json(UpsertRows.class, reading);
        RowWrite.Mode mode = RowWire.mode(body.mode());
        List<RowBody> rows = rows(body.rows(), body.columns(), reading);
        RowWrite write = RowWire.write(mode, rows, collections.now(), body.ttl());
        // Strings are what the write itself makes of undecided ids.
        boolean numbers = reading.decided().equals(Optional.of(IdType.UINT64));
        RowWrite deciding = numbers ? write.deciding(IdType.UINT64) : write;
        return reply(request, start, texts.write(space, name, deciding));
    }

    private Reply patch(Request request) throws IOException {
        request.query().allow();
        long start = System.nanoTime();
        SpaceId space = request.space();
        String name = request.path("collection");
        CollectionSchema schema = collections.schema(space, name);
        RowReading reading = new RowReading(schema, true);
        PatchRows body = request.json(PatchRows.class, reading);
        Object filter = body.filter();
        Map<String, Object> set = body.set();
        if ((filter == null) != (set == null)) {
            throw QuernException.invalid("'filter' and 'set' go together");
        }
        if (filter == null || set == null) {
            List<RowBody> rows = rows(body.rows(), body.columns(), reading);
            RowWrite write =
                    RowWire.write(RowWrite.Mode.PATCH, rows, collections.now(), body.ttl());
            return reply(request, start, texts.write(space, name, write));
        }
        if (body.rows() != null || body.columns() != null) {
            throw QuernException.invalid("'filter' excludes 'rows' and 'columns'");
        }
        WriteResult result =
                texts.patch(
                        space,
                        name,
                        Filter.fromJson(filter),
                        RowWire.patch(set, reading, collections.now(), body.ttl()));
        return reply(request, start, result);
    }

    private Reply reply(Request request, long start, WriteResult result) {
        WriteResult.Skipped skipped = result.skipped();
        UpsertResult body =
                new UpsertResult(
                        result.upserted(),
                        result.token(),
                        CollectionWire.writing(request, start),
                        skipped.count() == 0 ? null : skipped.count(),
                        skipped.count() == 0 ? null : skipped.ids());
        return skipped.count() == 0
                ? Reply.json(body)
                : Reply.rows(
                        body,
                        collections.schema(request.space(), request.path("collection")).ids());
    }

    private static List<RowBody> rows(
            @Nullable List<RowBody> rows,
            @Nullable Map<String, Object> columns,
            RowReading reading) {
        if ((rows == null) == (columns == null)) {
            throw QuernException.invalid("exactly one of 'rows' and 'columns' must be set");
        }
        List<RowBody> all = columns == null ? rows : FlatRow.rows(columns, reading);
        if (all == null || all.isEmpty() || all.size() > MAX_ROWS) {
            throw QuernException.invalid(
                    "'rows' must have 1 to "
                            + MAX_ROWS
                            + " elements, got "
                            + (all == null ? 0 : all.size()));
        }
        return all;
    }
}
