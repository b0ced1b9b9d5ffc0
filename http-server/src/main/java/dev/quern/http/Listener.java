package dev.quern.http;

import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/// The socket: one Vert.x server per event loop, all on the same port. HTTP/1.1 only: bulk bytes
/// have Flight, and a proxy that ends TLS speaks HTTP/2 to the outside.
final class Listener {
    private static final int MAX_EVENT_LOOPS = 8;
    private static final long SWEEP_MILLIS = 500;

    /// Requests that wait for a loop which could be served elsewhere: there are more processors
    /// than loops, or there are not.
    private static final int MAX_WAITING =
            Runtime.getRuntime().availableProcessors() > MAX_EVENT_LOOPS ? 1 : Integer.MAX_VALUE;

    private final Vertx vertx;
    private final HttpConfig config;
    private final RequestPipeline pipeline;
    private final Connections connections;
    private final int eventLoops = eventLoops();
    private final List<io.vertx.core.http.HttpServer> servers = new CopyOnWriteArrayList<>();

    Listener(Vertx vertx, HttpConfig config, RequestPipeline pipeline, Connections connections) {
        this.vertx = vertx;
        this.config = config;
        this.pipeline = pipeline;
        this.connections = connections;
    }

    private static int eventLoops() {
        return Math.min(MAX_EVENT_LOOPS, Runtime.getRuntime().availableProcessors());
    }

    /// Event loops and nothing more: no worker is ever used, no file is ever resolved.
    static Vertx vertx() {
        return Vertx.vertx(
                new VertxOptions()
                        .setEventLoopPoolSize(eventLoops())
                        .setWorkerPoolSize(1)
                        .setInternalBlockingPoolSize(1)
                        .setFileSystemOptions(
                                new FileSystemOptions()
                                        .setFileCachingEnabled(false)
                                        .setClassPathResolvingEnabled(false)));
    }

    /// Completes when every event loop listens; fails when the port cannot be had.
    Future<?> start() {
        vertx.setPeriodic(SWEEP_MILLIS, _ -> connections.sweep());
        return vertx.deployVerticle(
                EventLoop::new, new DeploymentOptions().setInstances(eventLoops));
    }

    int port() {
        return servers.getFirst().actualPort();
    }

    /// Closes the socket and every idle connection at once, the others when they become idle, and
    /// those left when `timeout` is over.
    Future<Void> shutdown(Duration timeout) {
        return Future.all(
                        servers.stream()
                                .map(s -> s.shutdown(timeout.toMillis(), TimeUnit.MILLISECONDS))
                                .toList())
                .mapEmpty();
    }

    private HttpServerOptions options() {
        return new HttpServerOptions()
                .setHttp2ClearTextEnabled(false)
                .setMaxInitialLineLength(HttpServer.MAX_LINE_BYTES)
                .setMaxHeaderSize(HttpServer.MAX_HEADER_BYTES)
                .setMaxChunkSize(64 << 10);
    }

    /// The same for every event loop; port 0 stands for one free port that they share.
    private SocketAddress address() {
        return config.port() == 0
                ? SocketAddress.sharedRandomPort(1, config.host())
                : SocketAddress.inetSocketAddress(config.port(), config.host());
    }

    private final class EventLoop extends VerticleBase {
        @Override
        public Future<?> start() {
            LoopOutbox outbox = new LoopOutbox(context);
            LoopLane lane = new LoopLane(context, outbox, MAX_WAITING);
            io.vertx.core.http.HttpServer server =
                    vertx.createHttpServer(options())
                            .connectionHandler(connections::opened)
                            .requestHandler(request -> pipeline.accept(request, outbox, lane))
                            .invalidRequestHandler(pipeline::refuseBroken);
            servers.add(server);
            return server.listen(address());
        }
    }
}
