package dev.quern.http;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.common.wire.AliasBody;
import dev.quern.common.wire.AliasList;
import dev.quern.common.wire.BranchCollection;
import dev.quern.common.wire.CreateSnapshot;
import dev.quern.common.wire.RenameCollection;
import dev.quern.common.wire.RollbackCollection;
import dev.quern.common.wire.SetAlias;
import dev.quern.common.wire.SetHistory;
import dev.quern.common.wire.SnapshotBody;
import dev.quern.common.wire.SnapshotList;
import dev.quern.vector.CatalogNames;
import dev.quern.vector.CollectionRef;
import dev.quern.vector.CollectionService;
import dev.quern.vector.CollectionVersions;
import dev.quern.vector.SnapshotInfo;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// Aliases, renames, snapshots, branches, rollbacks and histories of collections.
final class CollectionVersionRoutes {
    private static final String HISTORY = "/v1/collections/{collection}/history";
    private static final String SNAPSHOTS = "/v1/collections/{collection}/snapshots";
    private static final String SNAPSHOT = SNAPSHOTS + "/{snapshot}";

    private static final long MAX_SECONDS = CollectionVersions.MAX_WINDOW.toSeconds();

    private final CollectionService collections;
    private final CollectionVersions versions;
    private final CatalogNames names;

    CollectionVersionRoutes(CollectionService collections) {
        this.collections = collections;
        this.versions = collections.versions();
        this.names = collections.names();
    }

    List<Route> routes() {
        return List.of(
                Route.of("GET", "/v1/aliases", this::aliases),
                Route.of("PUT", "/v1/aliases/{alias}", this::setAlias),
                Route.of("DELETE", "/v1/aliases/{alias}", this::deleteAlias),
                Route.of("POST", "/v1/collections/{collection}/rename", this::rename),
                Route.of("POST", "/v1/collections/{collection}/branch", this::branch),
                Route.of("POST", "/v1/collections/{collection}/rollback", this::rollback),
                Route.of("GET", HISTORY, this::history),
                Route.of("PUT", HISTORY, this::setHistory),
                Route.of("GET", SNAPSHOTS, this::snapshots),
                Route.of("POST", SNAPSHOTS, this::createSnapshot),
                Route.of("GET", SNAPSHOT, this::snapshot),
                Route.of("DELETE", SNAPSHOT, this::deleteSnapshot));
    }

    private Reply aliases(Request request) {
        request.query().allow();
        return Reply.json(
                new AliasList(
                        names.aliases(request.space()).entrySet().stream()
                                .map(alias -> new AliasBody(alias.getKey(), alias.getValue()))
                                .toList()));
    }

    private Reply setAlias(Request request) throws IOException {
        request.query().allow();
        String alias = request.path("alias");
        SpaceId space = request.space();
        names.setAlias(space, alias, request.json(SetAlias.class).collection());
        return Reply.json(new AliasBody(alias, collections.get(space, alias).name()));
    }

    private Reply deleteAlias(Request request) {
        request.query().allow();
        names.deleteAlias(request.space(), request.path("alias"));
        return Reply.empty(204);
    }

    private Reply rename(Request request) throws IOException {
        request.query().allow();
        String to = request.json(RenameCollection.class).to();
        names.rename(request.space(), request.path("collection"), to);
        return collection(200, request.space(), to);
    }

    private Reply collection(int status, SpaceId space, String name) {
        return Reply.json(status, CollectionWire.collection(collections.get(space, name)));
    }

    private Reply branch(Request request) throws IOException {
        request.query().allow();
        BranchCollection body = request.json(BranchCollection.class);
        versions.branch(
                request.space(),
                new CollectionRef(request.path("collection"), Optional.ofNullable(body.at())),
                body.name());
        return collection(201, request.space(), body.name());
    }

    private Reply rollback(Request request) throws IOException {
        request.query().allow();
        String name = request.path("collection");
        versions.rollback(request.space(), name, request.json(RollbackCollection.class).to());
        return collection(200, request.space(), name);
    }

    private Reply history(Request request) {
        request.query().allow();
        return Reply.json(
                CollectionWire.history(
                        versions.history(request.space(), request.path("collection"))));
    }

    private Reply setHistory(Request request) throws IOException {
        request.query().allow();
        long seconds = request.json(SetHistory.class).seconds();
        if (seconds < 0 || seconds > MAX_SECONDS) {
            throw QuernException.invalid(
                    "'seconds' must be 0 to " + MAX_SECONDS + ", got " + seconds);
        }
        return Reply.json(
                CollectionWire.history(
                        versions.setHistory(
                                request.space(),
                                request.path("collection"),
                                Duration.ofSeconds(seconds))));
    }

    private Reply snapshots(Request request) {
        request.query().allow();
        return Reply.json(
                new SnapshotList(
                        versions.snapshots(request.space(), request.path("collection")).stream()
                                .map(CollectionVersionRoutes::body)
                                .toList()));
    }

    private Reply createSnapshot(Request request) throws IOException {
        request.query().allow();
        CreateSnapshot body = request.json(CreateSnapshot.class);
        String at = body.at();
        SpaceId space = request.space();
        String collection = request.path("collection");
        return Reply.json(
                201,
                body(
                        at == null
                                ? versions.snapshot(space, collection, body.name())
                                : versions.snapshot(space, collection, body.name(), at)));
    }

    private Reply snapshot(Request request) {
        request.query().allow();
        return Reply.json(
                body(
                        versions.snapshotInfo(
                                request.space(),
                                request.path("collection"),
                                request.path("snapshot"))));
    }

    private Reply deleteSnapshot(Request request) {
        request.query().allow();
        versions.deleteSnapshot(
                request.space(), request.path("collection"), request.path("snapshot"));
        return Reply.empty(204);
    }

    private static SnapshotBody body(SnapshotInfo info) {
        return new SnapshotBody(
                info.name(), info.token(), info.createdAt().toString(), info.rows(), info.bytes());
    }
}
