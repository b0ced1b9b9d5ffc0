package dev.quern.http;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.common.wire.RotateKey;
import dev.quern.common.wire.RunBackup;
import dev.quern.common.wire.RunGc;
import dev.quern.common.wire.RunRepair;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// The store below the services, for its operator.
final class StorageRoutes {
    private static final double MAX_GRACE_SECONDS = 365 * 86_400;

    private final StorageAdmin storage;

    StorageRoutes(StorageAdmin storage) {
        this.storage = storage;
    }

    List<Route> routes() {
        return List.of(
                route("GET", "/v1/storage", this::stats),
                route("POST", "/v1/storage/gc", this::gc),
                route("POST", "/v1/storage/compact", this::compact),
                route("POST", "/v1/storage/fsck", this::fsck),
                route("POST", "/v1/storage/repair", this::repair),
                route("POST", "/v1/storage/backup", this::backup),
                route("GET", "/v1/storage/backups", this::backups),
                route("GET", "/v1/storage/operations", this::operations),
                route("DELETE", "/v1/storage/operations/{operation}", this::cancel),
                route("POST", "/v1/storage/rotate-key", this::rotateKey),
                route("GET", "/v1/storage/chunks/{chunk}", this::explain));
    }

    private static Route route(String method, String template, Handler handler) {
        return new Route(method, template, Route.Access.OPERATOR, handler);
    }

    private Reply stats(Request request) {
        request.query().allow();
        return Reply.json(storage.stats());
    }

    private Reply gc(Request request) throws IOException {
        request.query().allow();
        RunGc body = request.json(RunGc.class);
        return Reply.json(
                storage.gc(
                        Optional.ofNullable(body.graceSeconds()).map(StorageRoutes::grace),
                        Boolean.TRUE.equals(body.dryRun())));
    }

    private static Duration grace(double seconds) {
        if (!(seconds >= 0 && seconds <= MAX_GRACE_SECONDS)) {
            throw QuernException.invalid("'grace_seconds' must be 0 to 31536000, got " + seconds);
        }
        return Duration.ofNanos((long) (seconds * 1e9));
    }

    private Reply compact(Request request) {
        request.query().allow();
        return Reply.json(storage.compact());
    }

    private Reply fsck(Request request) {
        request.query().allow();
        return Reply.json(storage.fsck());
    }

    private Reply repair(Request request) throws IOException {
        request.query().allow();
        RunRepair body = request.json(RunRepair.class, new RunRepair(null, null));
        if (body.backup() != null && body.from() == null) {
            throw QuernException.invalid("'backup' needs 'from', where the backups are");
        }
        return Reply.json(
                storage.repair(
                        Optional.ofNullable(body.from()), Optional.ofNullable(body.backup())));
    }

    private Reply backup(Request request) throws IOException {
        request.query().allow();
        return Reply.json(storage.backup(request.json(RunBackup.class).to()));
    }

    private Reply backups(Request request) {
        request.query().allow("to");
        String to =
                request.query()
                        .text("to")
                        .orElseThrow(() ->
                                QuernException.invalid(
                                        "query parameter 'to' is required: where the backups are"));
        return Reply.json(storage.backups(to));
    }

    private Reply operations(Request request) {
        request.query().allow();
        return Reply.json(storage.operations());
    }

    private Reply cancel(Request request) {
        request.query().allow();
        return Reply.json(storage.cancel(request.path("operation")));
    }

    private Reply rotateKey(Request request) throws IOException {
        request.query().allow();
        RotateKey body = request.json(RotateKey.class, new RotateKey(null));
        String space = body.space();
        return Reply.json(storage.rotateKey(space == null ? SpaceId.DEFAULT.value() : space));
    }

    private Reply explain(Request request) {
        request.query().allow();
        return Reply.json(storage.explain(request.path("chunk")));
    }
}
