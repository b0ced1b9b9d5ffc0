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

    /// Bodies and replies beyond this take a thread.
    private static final int MAX_AT_ONCE_BYTES = 32 << 10;

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
    /// @param lane of the event loop
    void accept(HttpServerRequest request, LoopOutbox outbox, LoopLane lane) {
        String id = ids.of(request.getHeader("x-request-id"));
        Exchange exchange = new Exchange(request, outbox, id, date, config.stallTimeout());
        boolean admitted = inFlight.enter();
        connections.begin(request.connection());
        exchange.body().whenHere(() -> begin(exchange, admitted, lane));
    }

    /// On the event loop.
    private void begin(Exchange exchange, boolean admitted, LoopLane lane) {
        Optional<Router.Match> match = atOnce(exchange, admitted);
        if (match.isEmpty() || !lane.offer(() -> serveAtOnce(exchange, match.get()))) {
            serveOnThread(exchange, admitted, share -> handle(exchange, admitted, share));
        }
    }

    /// The route of a request that may be served on its event loop.
    private Optional<Router.Match> atOnce(Exchange exchange, boolean admitted) {
        if (!admitted || draining || !exchange.body().isHere(MAX_AT_ONCE_BYTES)) {
            return Optional.empty();
        }
        try {
            return Optional.of(router.find(exchange.method(), exchange.rawPath()))
                    .filter(match -> match.route().atOnce().isPresent());
        } catch (Refusal | QuernException e) {
            // Which is told once the token was checked.
            return Optional.empty();
        }
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

    /// What makes the reply to a request.
    private interface Answer {
        Reply reply(BodyBudget.Lease share) throws IOException;
    }

    private void serveOnThread(Exchange exchange, boolean admitted, Answer answer) {
        threads.newThread(() -> serve(exchange, admitted, answer)).start();
    }

    private void serve(Exchange exchange, boolean admitted, Answer answer) {
        MDC.put(MDC_KEY, exchange.id());
        try (BodyBudget.Lease share = budget.lease()) {
            answer(exchange, answer, share);
        } catch (Throwable t) {
            // Nothing may end a request without a trace; there is nobody above to tell.
            LOG.error("request failed: request_id={}", exchange.id(), t);
            exchange.close();
        } finally {
            end(exchange, admitted);
            AccessLog.write(exchange);
            MDC.remove(MDC_KEY);
        }
    }

    /// Serves an admitted request on its event loop, or begins to. Whatever may take long, logging
    /// and errors among it, has a thread.
    private void serveAtOnce(Exchange exchange, Router.Match match) {
        Optional<Answer> rest;
        MDC.put(MDC_KEY, exchange.id());
        try (BodyBudget.Lease share = budget.lease()) {
            rest = answerAtOnce(exchange, match, share);
        } catch (IOException | RuntimeException | Error e) {
            rest = Optional.of(_ -> rethrow(e));
        } finally {
            MDC.remove(MDC_KEY);
        }
        if (rest.isPresent()) {
            serveOnThread(exchange, true, rest.get());
            return;
        }
        end(exchange, true);
        if (AccessLog.isOn(exchange)) {
            threads.newThread(
                            () -> {
                                MDC.put(MDC_KEY, exchange.id());
                                AccessLog.write(exchange);
                            })
                    .start();
        }
    }

    /// Answers, unless it is to be done on a thread.
    ///
    /// @return how to do it there
    private Optional<Answer> answerAtOnce(
            Exchange exchange, Router.Match match, BodyBudget.Lease share) throws IOException {
        Optional<Principal> principal = bearer(exchange.request()).flatMap(authenticator::known);
        if (principal.isEmpty() || draining) {
            return Optional.of(whole -> handle(exchange, true, whole));
        }
        exchange.matched(match.route());
        exchange.authenticated(principal.get());
        AtOnce beginning = match.route().atOnce().orElseThrow();
        return switch (beginning.handle(request(exchange, match, share))) {
            case AtOnce.Done(byte[] body) -> {
                if (body.length > MAX_AT_ONCE_BYTES) {
                    yield Optional.of(_ -> Reply.json(body));
                }
                exchange.send(Reply.json(body));
                yield Optional.empty();
            }
            case AtOnce.Later(AtOnce.Rest rest) -> Optional.of(_ -> rest.reply());
        };
    }

    private static Reply rethrow(Throwable cause) throws IOException {
        switch (cause) {
            case IOException e -> throw e;
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new IllegalStateException(cause);
        }
    }

    /// The reply is made.
    private void end(Exchange exchange, boolean admitted) {
        connections.sending(exchange.request().connection());
        exchange.whenSettled(() -> leave(exchange, admitted));
        metrics.record(
                exchange.route(),
                exchange.method(),
                exchange.status(),
                exchange.elapsedNanos(),
                exchange.body().receivedBytes(),
                exchange.sentBytes());
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

    private void answer(Exchange exchange, Answer answer, BodyBudget.Lease share)
            throws IOException {
        try {
            exchange.send(answer.reply(share));
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
        return match.get().route().handler().handle(request(exchange, match.get(), share));
    }

    private Request request(Exchange exchange, Router.Match match, BodyBudget.Lease share) {
        return new Request(
                exchange.id(),
                exchange.method(),
                exchange.principal(),
                match.parameters(),
                Query.parse(exchange.rawQuery()),
                exchange.request().headers(),
                exchange.body(),
                share,
                config.maxJsonBytes().bytes(),
                () -> draining || exchange.gone());
    }

    private Principal authenticate(HttpServerRequest request) {
        return authenticator.authenticate(bearer(request).orElse(null));
    }

    private static Optional<String> bearer(HttpServerRequest request) {
        String header = request.getHeader(HttpHeaders.AUTHORIZATION);
        return header != null && header.regionMatches(true, 0, BEARER, 0, BEARER.length())
                ? Optional.of(header.substring(BEARER.length()).strip())
                : Optional.empty();
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
