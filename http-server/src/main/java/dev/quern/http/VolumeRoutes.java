package dev.quern.http;

import dev.quern.common.wire.CommitList;
import dev.quern.common.wire.CommitVolume;
import dev.quern.common.wire.CreateVolume;
import dev.quern.common.wire.VolumeList;
import dev.quern.volume.CommitId;
import dev.quern.volume.CommitInfo;
import dev.quern.volume.CommitRequest;
import dev.quern.volume.VolumeInfo;
import dev.quern.volume.VolumePath;
import dev.quern.volume.VolumeService;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/// Volumes, their listings, staged changes and commits.
final class VolumeRoutes {
    /// The session of requests that name none.
    static final String DEFAULT_SESSION = "default";

    private static final int MAX_ENTRIES = 10_000;
    private static final int MAX_COMMITS = 10_000;

    private final VolumeService volumes;

    VolumeRoutes(VolumeService volumes) {
        this.volumes = volumes;
    }

    List<Route> routes() {
        return List.of(
                Route.of("GET", "/v1/volumes", this::list),
                Route.of("POST", "/v1/volumes", this::create),
                Route.of("GET", "/v1/volumes/{volume}", this::get),
                Route.of("DELETE", "/v1/volumes/{volume}", this::delete),
                Route.of("GET", "/v1/volumes/{volume}/list", this::listFiles),
                Route.of("GET", "/v1/volumes/{volume}/staged", this::staged),
                Route.of("DELETE", "/v1/volumes/{volume}/staged", this::discard),
                Route.of("POST", "/v1/volumes/{volume}/commit", this::commit),
                Route.of("GET", "/v1/volumes/{volume}/commits", this::commits));
    }

    private Reply list(Request request) {
        request.query().allow();
        return Reply.json(
                new VolumeList(
                        volumes.list(request.space()).stream().map(VolumeWire::volume).toList()));
    }

    private Reply create(Request request) throws IOException {
        request.query().allow();
        CreateVolume body = request.json(CreateVolume.class);
        boolean ifNotExists = Boolean.TRUE.equals(body.ifNotExists());
        boolean existed =
                ifNotExists && Lookup.finds(() -> volumes.get(request.space(), body.name()));
        VolumeInfo volume = volumes.create(request.space(), body.name(), ifNotExists);
        return Reply.json(existed ? 200 : 201, VolumeWire.volume(volume));
    }

    private Reply get(Request request) {
        request.query().allow();
        return Reply.json(VolumeWire.volume(volumes.get(request.space(), request.path("volume"))));
    }

    private Reply delete(Request request) {
        request.query().allow();
        volumes.delete(request.space(), request.path("volume"));
        return Reply.empty(204);
    }

    private Reply listFiles(Request request) {
        Query query = request.query().allow("path", "recursive", "at", "after", "limit");
        String volume = request.path("volume");
        CommitInfo at = volumes.resolve(request.space(), volume, query.text("at"));
        return Reply.json(
                VolumeWire.files(
                        at.id(),
                        volumes.listFiles(
                                request.space(),
                                volume,
                                at.id(),
                                VolumePath.parse(query.text("path").orElse("")),
                                query.flag("recursive", false),
                                query.text("after").map(VolumePath::parse),
                                query.integer("limit", 1000, 1, MAX_ENTRIES))));
    }

    private Reply staged(Request request) {
        String session = request.query().allow("session").text("session").orElse(DEFAULT_SESSION);
        return Reply.json(
                VolumeWire.changes(
                        volumes.staged(request.space(), request.path("volume"), session)));
    }

    private Reply discard(Request request) {
        String session = request.query().allow("session").text("session").orElse(DEFAULT_SESSION);
        volumes.discard(request.space(), request.path("volume"), session);
        return Reply.empty(204);
    }

    private Reply commit(Request request) throws IOException {
        request.query().allow();
        CommitVolume body = request.json(CommitVolume.class);
        CommitRequest commit =
                new CommitRequest(
                        Objects.requireNonNullElse(body.session(), DEFAULT_SESSION),
                        Optional.ofNullable(body.expectedHead()).map(CommitId::new),
                        Objects.requireNonNullElse(body.message(), ""));
        return Reply.json(
                VolumeWire.commit(volumes.commit(request.space(), request.path("volume"), commit)));
    }

    private Reply commits(Request request) {
        int limit = request.query().allow("limit").integer("limit", 100, 1, MAX_COMMITS);
        return Reply.json(
                new CommitList(
                        volumes.history(request.space(), request.path("volume"), limit).stream()
                                .map(VolumeWire::commit)
                                .toList()));
    }
}
