package dev.quern.http;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.common.wire.RotateKey;
import dev.quern.common.wire.RunBackup;
import dev.quern.common.wire.RunGc;
import dev.quern.common.wire.RunPruneBackups;
import dev.quern.common.wire.RunRepair;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The store below the services, for its operator.
final class StorageRoutes {
    private static final long MAX_GRACE_SECONDS = 365L * 86_400;
    private static final long MAX_KEEP_SECONDS = 36_500L * 86_400;

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
                route("POST", "/v1/storage/prune-backups", this::pruneBackups),
                route("GET", "/v1/storage/members", this::members),
                route("DELETE", "/v1/storage/members/{member}", this::forgetMember),
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
                        seconds("grace_seconds", body.graceSeconds(), MAX_GRACE_SECONDS),
                        Boolean.TRUE.equals(body.dryRun())));
    }

    private static Optional<Duration> seconds(String name, @Nullable Double seconds, long max) {
        if (seconds == null) {
            return Optional.empty();
        }
        if (!(seconds >= 0 && seconds <= max)) {
            throw QuernException.invalid("'" + name + "' must be 0 to " + max + ", got " + seconds);
        }
        return Optional.of(Duration.ofNanos((long) (seconds * 1e9)));
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

    private Reply pruneBackups(Request request) throws IOException {
        request.query().allow();
        RunPruneBackups body = request.json(RunPruneBackups.class);
        return Reply.json(
                storage.pruneBackups(
                        body.from(),
                        body.keep(),
                        seconds("keep_within_seconds", body.keepWithinSeconds(), MAX_KEEP_SECONDS),
                        Boolean.TRUE.equals(body.dryRun())));
    }

    private Reply members(Request request) {
        request.query().allow();
        return Reply.json(storage.members());
    }

    private Reply forgetMember(Request request) {
        request.query().allow();
        storage.forgetMember(request.path("member"));
        return Reply.empty(204);
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
