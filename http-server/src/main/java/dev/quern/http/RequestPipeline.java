package dev.quern.http;

import dev.quern.common.Authenticator;
import dev.quern.common.ErrorKind;
import dev.quern.common.Principal;
import dev.quern.common.QuernException;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/// What happens to every request: admission, token, route, reply, metrics, log. The order matters:
/// a token is checked before a path is told to exist, and a request counts as in flight until its
/// last byte is sent.
final class RequestPipeline {
    private static final Logger LOG = LoggerFactory.getLogger(RequestPipeline.class);
    private static final String MDC_KEY = "request_id";
    private static final String BEARER = "Bearer ";

    private final HttpConfig config;
    private final Authenticator authenticator;
    private final Router router;
    private final RequestIds ids;
    private final HttpDate date;
    private final InFlight inFlight;
    private final Connections connections;
    private final BodyBudget budget;
    private final HttpMetrics metrics;
    private final ThreadFactory threads = Thread.ofVirtual().name("http-", 0).factory();
    private volatile boolean draining;

    /// What the requests of a server share.
    record Shared(
            RequestIds ids,
            HttpDate date,
            InFlight inFlight,
            Connections connections,
            BodyBudget budget,
            HttpMetrics metrics) {}

    RequestPipeline(HttpConfig config, Authenticator authenticator, Router router, Shared shared) {
        this.config = config;
        this.authenticator = authenticator;
        this.router = router;
        this.ids = shared.ids();
        this.date = shared.date();
        this.inFlight = shared.inFlight();
        this.connections = shared.connections();
        this.budget = shared.budget();
        this.metrics = shared.metrics();
    }

    /// From now on every request but those to open routes is refused as `UNAVAILABLE`.
    void drain() {
        draining = true;
    }

    boolean draining() {
        return draining;
    }

    /// Takes a request over; on its event loop.
    ///
    /// @param outbox of the event loop
    void accept(HttpServerRequest request, LoopOutbox outbox) {
        String id = ids.of(request.getHeader("x-request-id"));
        Exchange exchange = new Exchange(request, outbox, id, date, config.stallTimeout());
        boolean admitted = inFlight.enter();
        connections.begin(request.connection());
        Thread thread = threads.newThread(() -> serve(exchange, admitted));
        exchange.body().whenHere(thread::start);
    }

    /// Answers a request whose head the parser refused; on its event loop.
    void refuseBroken(HttpServerRequest request) {
        String id = ids.of(null);
        Failure failure = BrokenRequest.failure(request, id);
        request.response()
                .setStatusCode(failure.status())
                .putHeader("x-request-id", id)
                .putHeader("content-type", "application/json")
                .end(Json.text(failure.body()))
                .onComplete(_ -> {
                    var _ = request.connection().close();
                });
        LOG.info("refused a broken request: request_id={} {}", id, failure.message());
    }

    private void serve(Exchange exchange, boolean admitted) {
        MDC.put(MDC_KEY, exchange.id());
        try (BodyBudget.Lease share = budget.lease()) {
            answer(exchange, admitted, share);
        } catch (Throwable t) {
            // Nothing may end a request without a trace; there is nobody above to tell.
            LOG.error("request failed: request_id={}", exchange.id(), t);
            exchange.close();
        } finally {
            connections.sending(exchange.request().connection());
            exchange.whenSettled(() -> leave(exchange, admitted));
            AccessLog.write(exchange);
            metrics.record(
                    exchange.route(),
                    exchange.method(),
                    exchange.status(),
                    exchange.elapsedNanos(),
                    exchange.body().receivedBytes(),
                    exchange.sentBytes());
            MDC.remove(MDC_KEY);
        }
    }

    /// When the last byte is sent, or the connection gone; mostly on its event loop.
    private void leave(Exchange exchange, boolean admitted) {
        inFlight.leave(admitted);
        if (exchange.closing()) {
            connections.linger(exchange.request().connection());
        } else {
            connections.end(exchange.request().connection());
        }
    }

    private void answer(Exchange exchange, boolean admitted, BodyBudget.Lease share)
            throws IOException {
        try {
            exchange.send(handle(exchange, admitted, share));
        } catch (IOException | RuntimeException | Error e) {
            explain(exchange, e);
        }
    }

    private Reply handle(Exchange exchange, boolean admitted, BodyBudget.Lease share)
            throws IOException {
        Optional<Router.Match> match = Optional.empty();
        @Nullable RuntimeException unroutable = null;
        try {
            match = Optional.of(router.find(exchange.method(), exchange.rawPath()));
        } catch (Refusal | QuernException e) {
            unroutable = e;
        }
        Route.Access access = match.map(m -> m.route().access()).orElse(Route.Access.TOKEN);
        match.ifPresent(m -> exchange.matched(m.route()));
        if (access != Route.Access.OPEN) {
            exchange.authenticated(authenticate(exchange.request()));
        }
        if (unroutable != null || match.isEmpty()) {
            throw unroutable == null ? Refusal.unknownPath(exchange.rawPath()) : unroutable;
        }
        if (access == Route.Access.OPERATOR) {
            requireOperator(exchange);
        }
        if (access == Route.Access.TOKEN || access == Route.Access.OPERATOR) {
            requireCapacity(admitted);
        }
        Query query = Query.parse(exchange.rawQuery());
        Request request =
                new Request(
                        exchange.id(),
                        exchange.method(),
                        exchange.principal(),
                        match.get().parameters(),
                        query,
                        exchange.request().headers(),
                        exchange.body(),
                        share,
                        config.maxJsonBytes().bytes(),
                        () -> draining || exchange.gone());
        return match.get().route().handler().handle(request);
    }

    private Principal authenticate(HttpServerRequest request) {
        String header = request.getHeader(HttpHeaders.AUTHORIZATION);
        boolean bearer =
                header != null && header.regionMatches(true, 0, BEARER, 0, BEARER.length());
        return authenticator.authenticate(
                bearer && header != null ? header.substring(BEARER.length()).strip() : null);
    }

    private static void requireOperator(Exchange exchange) {
        if (exchange.principal().filter(Principal::operator).isEmpty()) {
            throw Refusal.notOperator();
        }
    }

    private void requireCapacity(boolean admitted) {
        if (draining) {
            throw new QuernException(ErrorKind.UNAVAILABLE, "the server is shutting down");
        }
        if (!admitted) {
            throw QuernException.exhausted(
                    "the server has " + config.maxRequests() + " requests in flight", 1000);
        }
    }

    /// Turns an exception into an error reply where that is still possible.
    private void explain(Exchange exchange, Throwable cause) throws IOException {
        if (exchange.gone()) {
            LOG.debug("client left: {}", cause.toString());
            exchange.close();
            return;
        }
        Failure failure = Failure.of(cause, exchange.id());
        if (failure.kind() == ErrorKind.INTERNAL || failure.kind() == ErrorKind.CORRUPT) {
            LOG.error("request_id={} {}", exchange.id(), failure.kind(), cause);
        }
        if (exchange.headSent()) {
            LOG.warn("cut a reply short: request_id={} {}", exchange.id(), cause.toString());
            exchange.close();
            return;
        }
        exchange.send(
                OpenAiErrors.covers(exchange.rawPath())
                        ? OpenAiErrors.reply(failure)
                        : failure.reply());
    }
}
