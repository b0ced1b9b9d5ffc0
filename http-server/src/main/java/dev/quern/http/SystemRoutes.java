package dev.quern.http;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.BooleanSupplier;

/// Liveness, readiness, metrics and the API's description.
final class SystemRoutes {
    private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";

    private final BooleanSupplier ready;
    private final PrometheusMeterRegistry meters;
    private final byte[] openApi;

    /// @param ready whether the whole server is ready to serve
    SystemRoutes(BooleanSupplier ready, PrometheusMeterRegistry meters) {
        this.ready = ready;
        this.meters = meters;
        this.openApi = load();
    }

    /// `{"status": "ok"}`.
    ///
    /// @param status `ok` or `ready`
    record StatusBody(String status) {}

    List<Route> routes() {
        return List.of(
                new Route("GET", "/health", Route.Access.OPEN, this::health),
                new Route("GET", "/ready", Route.Access.OPEN, this::ready),
                new Route("GET", "/openapi.json", Route.Access.OPEN, this::openApi),
                new Route("GET", "/metrics", Route.Access.MONITOR, this::metrics));
    }

    private Reply health(Request request) {
        return Reply.json(new StatusBody("ok"));
    }

    private Reply ready(Request request) {
        if (!ready.getAsBoolean()) {
            throw new QuernException(
                    ErrorKind.UNAVAILABLE, "the server is starting or shutting down");
        }
        return Reply.json(new StatusBody("ready"));
    }

    private Reply openApi(Request request) {
        return Reply.bytes("application/json", openApi);
    }

    private Reply metrics(Request request) {
        return Reply.bytes(PROMETHEUS, meters.scrape().getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] load() {
        try (InputStream in = SystemRoutes.class.getResourceAsStream("openapi.json")) {
            if (in == null) {
                throw QuernException.internal("openapi.json is not on the class path", null);
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw QuernException.internal("cannot read openapi.json", e);
        }
    }
}
