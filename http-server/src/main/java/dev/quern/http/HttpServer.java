package dev.quern.http;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.Authenticator;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.net.BindException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The REST API on one port. Thread-safe. It owns its event loops and connections and nothing else:
/// whoever opened the services closes them, after this.
public final class HttpServer implements AutoCloseable {
    static final int MAX_LINE_BYTES = 16 << 10;
    static final int MAX_HEADER_BYTES = 32 << 10;

    private static final Logger LOG = LoggerFactory.getLogger(HttpServer.class);
    private static final Duration START_TIMEOUT = Duration.ofSeconds(30);
    private static final Duration CUT_TIMEOUT = Duration.ofSeconds(5);

    private final HttpConfig config;
    private final Vertx vertx;
    private final Listener listener;
    private final Router router;
    private final RequestPipeline pipeline;
    private final InFlight inFlight;
    private final HttpMetrics metrics;

    /// What the server itself needs, whatever its routes are.
    record Base(
            Authenticator authenticator,
            PrometheusMeterRegistry meters,
            BooleanSupplier ready,
            InstantSource clock,
            RandomGenerator random) {}

    private HttpServer(HttpConfig config, Base base, Function<RequestIds, List<Route>> more) {
        this.config = config;
        RequestIds ids = new RequestIds(base.random());
        inFlight = new InFlight(config.maxRequests());
        Connections connections = new Connections(config.maxConnections(), config.idleTimeout());
        BodyBudget budget = new BodyBudget(config.maxBufferedBytes());
        metrics = new HttpMetrics(base.meters(), inFlight, connections, budget);
        BooleanSupplier ready = () -> base.ready().getAsBoolean() && !draining();
        List<Route> routes = new ArrayList<>(new SystemRoutes(ready, base.meters()).routes());
        routes.addAll(more.apply(ids));
        router = new Router(routes);
        HttpDate date = new HttpDate(base.clock());
        pipeline =
                new RequestPipeline(
                        config,
                        base.authenticator(),
                        router,
                        new RequestPipeline.Shared(
                                ids, date, inFlight, connections, budget, metrics));
        vertx = Listener.vertx();
        listener = new Listener(vertx, config, pipeline, connections);
    }

    /// Starts to listen.
    ///
    /// @throws QuernException `CONFLICT` if the port is taken; `INVALID` if the address is not this
    ///   machine's
    @MustBeClosed
    public static HttpServer open(HttpConfig config, HttpServices services) {
        Base base =
                new Base(
                        services.authenticator(),
                        services.meters(),
                        services.ready(),
                        services.clock(),
                        services.random());
        return open(config, base, ids -> routes(services, ids));
    }

    /// A server of these routes and the system's.
    @MustBeClosed
    static HttpServer open(HttpConfig config, Base base, Function<RequestIds, List<Route>> routes) {
        HttpServer server = new HttpServer(config, base, routes);
        try {
            await(server.listener.start(), START_TIMEOUT);
        } catch (ExecutionException | TimeoutException e) {
            server.stop();
            throw cannotListen(config, e.getCause() == null ? e : e.getCause());
        }
        LOG.info("listening host={} port={}", config.host(), server.port());
        return server;
    }

    private static QuernException cannotListen(HttpConfig config, Throwable cause) {
        String reason = String.valueOf(cause.getMessage());
        boolean taken = cause instanceof BindException && reason.contains("in use");
        return new QuernException(
                taken ? ErrorKind.CONFLICT : ErrorKind.INVALID,
                "cannot listen on "
                        + config.host()
                        + " port "
                        + config.port()
                        + ": "
                        + (taken ? "the port is in use" : reason),
                cause);
    }

    /// The port in use.
    public int port() {
        return listener.port();
    }

    private static List<Route> routes(HttpServices services, RequestIds ids) {
        CallOutputs outputs = new CallOutputs(services.functions());
        return Stream.of(
                        new VolumeRoutes(services.volumes()).routes(),
                        new FileRoutes(services.volumes(), ids).routes(),
                        new CollectionRoutes(services.collections(), services.embeddings())
                                .routes(),
                        new CollectionVersionRoutes(services.collections()).routes(),
                        new TuneRoutes(services.collections()).routes(),
                        new WriteRoutes(services.collections(), services.texts()).routes(),
                        new TextRoutes(services.texts(), services.indexer()).routes(),
                        new ExportRoutes(services.collections()).routes(),
                        new OpenAiRoutes(services.embeddings()).routes(),
                        new FunctionRoutes(services.functions(), outputs).routes(),
                        new CallRoutes(services.functions(), outputs).routes(),
                        new StorageRoutes(services.storage()).routes())
                .flatMap(List::stream)
                .toList();
    }

    Router router() {
        return router;
    }

    private boolean draining() {
        return pipeline.draining();
    }

    /// Stops accepting, waits for the requests in flight at most [HttpConfig#drainTimeout], then
    /// cuts the connections that are left. Closing twice does nothing.
    @Override
    public void close() {
        if (pipeline.draining()) {
            return;
        }
        pipeline.drain();
        Future<Void> stopped = listener.shutdown(config.drainTimeout());
        if (!inFlight.awaitNone(config.drainTimeout())) {
            LOG.warn("cut off {} requests that did not end in time", inFlight.count());
        }
        try {
            await(stopped, config.drainTimeout().plus(CUT_TIMEOUT));
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("listener did not stop cleanly", e);
        }
        stop();
        if (!inFlight.awaitNone(CUT_TIMEOUT)) {
            LOG.warn("{} requests still run after their connections were cut", inFlight.count());
        }
    }

    private void stop() {
        try {
            await(vertx.close(), CUT_TIMEOUT);
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("event loops did not stop cleanly", e);
        }
        metrics.close();
    }

    /// Waits; an interrupt counts as a timeout and stays set.
    private static void await(Future<?> future, Duration timeout)
            throws ExecutionException, TimeoutException {
        try {
            future.toCompletionStage()
                    .toCompletableFuture()
                    .get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (TimeoutException) new TimeoutException("interrupted").initCause(e);
        }
    }
}
