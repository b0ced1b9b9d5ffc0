package dev.quern.http;

import dev.quern.common.QuernException;
import dev.quern.common.wire.RunGc;
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

    private Reply repair(Request request) {
        request.query().allow();
        return Reply.json(storage.repair());
    }

    private Reply explain(Request request) {
        request.query().allow();
        return Reply.json(storage.explain(request.path("chunk")));
    }
}
