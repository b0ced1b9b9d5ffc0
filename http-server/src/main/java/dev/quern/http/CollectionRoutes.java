package dev.quern.http;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.common.wire.CollectionList;
import dev.quern.common.wire.CountResult;
import dev.quern.common.wire.CountRows;
import dev.quern.common.wire.CreateCollection;
import dev.quern.common.wire.DeleteResult;
import dev.quern.common.wire.DeleteRows;
import dev.quern.common.wire.MergeResult;
import dev.quern.common.wire.SchemaBody;
import dev.quern.common.wire.VectorFieldBody;
import dev.quern.embed.EmbedService;
import dev.quern.vector.CollectionInfo;
import dev.quern.vector.CollectionRef;
import dev.quern.vector.CollectionSchema;
import dev.quern.vector.CollectionService;
import dev.quern.vector.CollectionSpec;
import dev.quern.vector.CollectionStats;
import dev.quern.vector.Filter;
import dev.quern.vector.VectorField;
import dev.quern.vector.WriteBatch;
import dev.quern.vector.WriteResult;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/// Collections and their rows, but for search and sync.
final class CollectionRoutes {
    private static final int MAX_PAGE_ROWS = 1000;

    private final CollectionService collections;
    private final EmbedService embeddings;

    CollectionRoutes(CollectionService collections, EmbedService embeddings) {
        this.collections = collections;
        this.embeddings = embeddings;
    }

    List<Route> routes() {
        return List.of(
                Route.of("GET", "/v1/collections", this::list),
                Route.of("POST", "/v1/collections", this::create),
                Route.of("GET", "/v1/collections/{collection}", this::get),
                Route.of("PATCH", "/v1/collections/{collection}", this::addFields),
                Route.of("DELETE", "/v1/collections/{collection}", this::delete),
                Route.of("POST", "/v1/collections/{collection}/delete", this::deleteRows),
                Route.of("POST", "/v1/collections/{collection}/count", this::count),
                Route.of("GET", "/v1/collections/{collection}/stats", this::stats),
                Route.of("POST", "/v1/collections/{collection}/merge", this::merge),
                Route.of("GET", "/v1/collections/{collection}/rows", this::rows),
                Route.of("GET", "/v1/collections/{collection}/rows/{id...}", this::row));
    }

    private Reply list(Request request) {
        request.query().allow();
        return Reply.json(
                new CollectionList(
                        collections.list(request.space()).stream()
                                .map(CollectionWire::collection)
                                .toList()));
    }

    private Reply create(Request request) throws IOException {
        request.query().allow();
        CreateCollection body = request.json(CreateCollection.class);
        boolean ifNotExists = Boolean.TRUE.equals(body.ifNotExists());
        CollectionSpec spec = spec(body);
        boolean existed =
                ifNotExists && Lookup.finds(() -> collections.get(request.space(), body.name()));
        CollectionInfo info = collections.create(request.space(), spec, ifNotExists);
        return Reply.json(existed ? 200 : 201, CollectionWire.collection(info));
    }

    private CollectionSpec spec(CreateCollection body) {
        CollectionSchema more = SchemaWire.schema(body.schema(), embeddings);
        if (body.dims() == null && body.model() == null) {
            if (more.vectors().isEmpty() && more.texts().isEmpty()) {
                throw QuernException.invalid(
                        "one of 'dims', 'model' and a 'schema' with vectors or texts is required");
            }
            return new CollectionSpec(body.name(), more);
        }
        VectorField vector =
                SchemaWire.vector(
                        CollectionSchema.VECTOR,
                        new VectorFieldBody(body.dims(), body.metric(), body.model(), null),
                        embeddings);
        CollectionSchema simple = CollectionSchema.of(vector);
        return new CollectionSpec(body.name(), simple.with(more));
    }

    private Reply addFields(Request request) throws IOException {
        request.query().allow();
        SchemaBody body = request.json(SchemaBody.class);
        SpaceId space = request.space();
        String name = request.path("collection");
        CollectionSchema more = SchemaWire.schema(body, embeddings);
        boolean strict =
                Objects.requireNonNullElseGet(
                        body.strict(), () -> collections.schema(space, name).strict());
        return Reply.json(
                CollectionWire.collection(
                        collections.addFields(
                                space,
                                name,
                                new CollectionSchema(
                                        more.vectors(),
                                        more.texts(),
                                        more.attributes(),
                                        strict,
                                        more.idType()))));
    }

    private Reply get(Request request) {
        Query query = request.query().allow("at");
        return Reply.json(
                CollectionWire.collection(collections.get(request.space(), ref(request, query))));
    }

    /// The collection of the path, or what it was at `at`.
    private static CollectionRef ref(Request request, Query query) {
        return new CollectionRef(request.path("collection"), query.text("at"));
    }

    /// The same, with the consistency that the query asks for.
    private static CollectionRef consistentRef(Request request, Query query) {
        return ref(request, query)
                .with(RowWire.consistency(query.text("consistency"), query.number("at_least")));
    }

    private Reply delete(Request request) {
        request.query().allow();
        collections.delete(request.space(), request.path("collection"));
        return Reply.empty(204);
    }

    private Reply deleteRows(Request request) throws IOException {
        request.query().allow();
        long start = System.nanoTime();
        DeleteRows body = request.json(DeleteRows.class, new RowReading(schema(request)));
        List<String> ids = body.ids();
        Object filter = body.filter();
        if ((ids == null) == (filter == null)) {
            throw QuernException.invalid("exactly one of 'ids' and 'filter' must be set");
        }
        if (ids == null && body.ifVersions() != null) {
            throw QuernException.invalid("'if_versions' is for 'ids' only");
        }
        String name = request.path("collection");
        WriteResult result =
                ids != null
                        ? collections.write(request.space(), name, RowWire.deletes(ids, body))
                        : collections.write(
                                request.space(),
                                name,
                                WriteBatch.deleteWhere(
                                        Filter.fromJson(Objects.requireNonNull(filter, "filter"))));
        return Reply.json(
                new DeleteResult(
                        result.deleted(), result.token(), CollectionWire.writing(request, start)));
    }

    private CollectionSchema schema(Request request) {
        return collections.schema(request.space(), request.path("collection"));
    }

    private Reply count(Request request) throws IOException {
        request.query().allow();
        CountRows body = request.json(CountRows.class);
        return Reply.json(
                new CountResult(
                        collections.count(
                                request.space(),
                                new CollectionRef(
                                        request.path("collection"),
                                        Optional.ofNullable(body.at()),
                                        RowWire.consistency(body.consistency(), body.atLeast())),
                                Optional.ofNullable(body.filter()).map(Filter::fromJson))));
    }

    private Reply stats(Request request) {
        Query query = request.query().allow("at");
        CollectionRef ref = ref(request, query);
        SpaceId space = request.space();
        CollectionStats stats = collections.stats(space, ref);
        return Reply.json(
                ref.at().isPresent()
                        ? CollectionWire.stats(
                                stats,
                                Map.of(),
                                collections.tuning().widths(space, ref),
                                Optional.empty())
                        : CollectionWire.stats(
                                stats,
                                collections.recall(space, ref.name()),
                                collections.tuning().widths(space, ref),
                                Optional.of(collections.versions().history(space, ref.name()))));
    }

    private Reply merge(Request request) {
        request.query().allow();
        return Reply.json(
                new MergeResult(collections.merge(request.space(), request.path("collection"))));
    }

    private Reply rows(Request request) {
        Query query =
                request.query()
                        .allow(
                                "after",
                                "limit",
                                "include_vector",
                                "include_version",
                                "at",
                                "consistency",
                                "at_least");
        return Reply.rows(
                CollectionWire.page(
                        collections.rows(
                                request.space(),
                                consistentRef(request, query),
                                query.text("after"),
                                query.integer("limit", 100, 1, MAX_PAGE_ROWS),
                                query.flag("include_vector", false)),
                        query.flag("include_version", false)),
                collections.schema(request.space(), ref(request, query)).ids());
    }

    private Reply row(Request request) {
        Query query = request.query().allow("include_version", "at", "consistency", "at_least");
        boolean versions = query.flag("include_version", false);
        String id = request.path("id");
        return Reply.rows(
                CollectionWire.row(
                        collections
                                .find(request.space(), consistentRef(request, query), id)
                                .orElseThrow(() ->
                                        QuernException.notFound(
                                                "no row \""
                                                        + Names.abbreviate(id)
                                                        + "\" in collection \""
                                                        + request.path("collection")
                                                        + "\"")),
                        versions),
                collections.schema(request.space(), ref(request, query)).ids());
    }
}
