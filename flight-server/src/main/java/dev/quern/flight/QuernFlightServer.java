package dev.quern.flight;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.apache.arrow.flight.FlightServer;
import org.apache.arrow.flight.Location;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The Flight server: listens from [#open] to [#close]. Thread-safe. It closes what it made, never
/// the services it works with; close it before them.
///
/// Every call carries `authorization: Bearer TOKEN`. Descriptors are those of [Target], schemas
/// those of [FlightSchemas], tickets those of [TicketFormat], statuses those of [FlightErrors].
public final class QuernFlightServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(QuernFlightServer.class);
    private static final int WINDOW_BYTES = 16 << 20;
    private static final int MAX_HEADER_BYTES = 32 << 10;
    private static final int QUEUED_BATCHES = 4;
    private static final int CALLS_PER_CONNECTION = 1_024;
    private static final Duration KEEP_ALIVE = Duration.ofSeconds(60);
    private static final Duration RELEASE_WAIT = Duration.ofSeconds(5);

    private final FlightConfig config;
    private final MemoryGauge gauge = new MemoryGauge();
    private final SelfTest selfTest = new SelfTest();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final TicketFormat tickets;
    private final BufferAllocator allocator;
    private final ScheduledThreadPoolExecutor timer;
    private final ExecutorService threads;
    private final CallGates gates;
    private final FlightServer server;

    private QuernFlightServer(FlightConfig config, FlightServices services) {
        this.config = config;
        this.tickets = new TicketFormat(services.signingKey(), services.clock());
        this.allocator = new RootAllocator(gauge, config.allocatorLimit().bytes());
        this.timer =
                new ScheduledThreadPoolExecutor(
                        1, Thread.ofPlatform().name("flight-timer").daemon().factory());
        this.timer.setRemoveOnCancelPolicy(true);
        // Bounded by the calls of each connection and, for streams, by the StreamPool.
        this.threads =
                Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("flight-", 0).factory());
        this.gates = new CallGates(config.stallTimeout(), timer);
        this.server = build(services);
    }

    /// Starts to listen.
    ///
    /// @throws QuernException `UNAVAILABLE` if the address cannot be had; `INTERNAL`, naming the
    ///   flags, if the JVM lacks those that Arrow cannot even begin without
    @MustBeClosed
    public static QuernFlightServer open(FlightConfig config, FlightServices services) {
        TransportLog.quiet();
        QuernFlightServer opened;
        try {
            opened = new QuernFlightServer(config, services);
        } catch (LinkageError e) {
            throw SelfTest.failed("could not begin: " + e, e);
        }
        try {
            opened.server.start();
            return opened;
        } catch (IOException | RuntimeException e) {
            opened.close();
            throw new QuernException(
                    ErrorKind.UNAVAILABLE,
                    "flight cannot listen on " + config.host() + ":" + config.port() + ": " + e,
                    e);
        }
    }

    /// The port it listens on.
    public int port() {
        return server.getPort();
    }

    /// Where it listens: `grpc://HOST:PORT`.
    public URI location() {
        return uri(config.host(), port());
    }

    /// Fetches one stream from itself, over a socket, so that a JVM flag that is missing shows when
    /// the server starts and not as a client that waits for ever. Takes some 100 ms.
    ///
    /// @throws QuernException `INTERNAL`, naming the flags, if the stream does not come whole
    ///   before the deadline
    public void selfTest() {
        boolean wildcard = isWildcard();
        selfTest.run(
                wildcard ? uri("localhost", port()) : location(),
                tickets,
                config.selfTestDeadline());
    }

    /// Bytes in Arrow buffers at present, mapped chunks in flight included; for metrics.
    public long allocatedBytes() {
        return allocator.getAllocatedMemory();
    }

    /// Refuses new calls, lets running ones end for the drain timeout, ends the rest, and returns
    /// when every buffer is released: nothing reads a mapped chunk after that. A second call does
    /// nothing.
    ///
    /// @throws QuernException `INTERNAL` if buffers were not released
    @Override
    public void close() {
        if (closed.getAndSet(true)) {
            return;
        }
        try {
            server.shutdown();
            if (!server.awaitTermination(config.drainTimeout().toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.info("flight streams still run after {}: ending them", config.drainTimeout());
                gates.endAll();
            }
            server.close();
            timer.shutdownNow();
            threads.shutdown();
            if (!threads.awaitTermination(RELEASE_WAIT.toMillis(), TimeUnit.MILLISECONDS)) {
                threads.shutdownNow();
            }
            gauge.awaitEmpty(allocator, RELEASE_WAIT);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            gates.endAll();
            threads.shutdownNow();
        }
        closeAllocator();
    }

    private void closeAllocator() {
        try {
            allocator.close();
        } catch (IllegalStateException e) {
            throw QuernException.internal(
                    "flight closed with buffers in use: " + e.getMessage(), e);
        }
    }

    private FlightServer build(FlightServices services) {
        FlightCatalog catalog = new FlightCatalog(services, tickets, config, this::locations);
        int batchBytes = Math.toIntExact(config.batchBytes().bytes());
        QuernProducer producer =
                new QuernProducer(
                        catalog,
                        tickets,
                        new Downloads(services, allocator, batchBytes),
                        new Uploads(services, allocator),
                        new StreamPool(threads, config.maxConcurrentStreams()));
        Consumer<NettyServerBuilder> transport =
                builder ->
                        builder.flowControlWindow(WINDOW_BYTES)
                                .maxConcurrentCallsPerConnection(CALLS_PER_CONNECTION)
                                .keepAliveTime(KEEP_ALIVE.toSeconds(), TimeUnit.SECONDS)
                                .permitKeepAliveTime(10, TimeUnit.SECONDS)
                                .permitKeepAliveWithoutCalls(true)
                                .intercept(gates);
        return FlightServer.builder(
                        allocator, new Location(uri(config.host(), config.port())), producer)
                .executor(threads)
                .maxInboundMessageSize(Math.toIntExact(config.maxMessageBytes().bytes()))
                .setMaxHeaderListSize(MAX_HEADER_BYTES)
                .backpressureThreshold(QUEUED_BATCHES * batchBytes)
                .middleware(
                        BearerAuth.KEY,
                        new BearerAuth(
                                selfTest.admitting(services.authenticator()), services.random()))
                .transportHint("grpc.builderConsumer", transport)
                .build();
    }

    /// A wildcard address says nothing to a client on another machine: then the tickets are for the
    /// connection that they came over.
    private List<Location> locations() {
        return isWildcard() ? List.of() : List.of(new Location(location()));
    }

    private boolean isWildcard() {
        InetSocketAddress address = new InetSocketAddress(config.host(), 0);
        return address.getAddress() != null && address.getAddress().isAnyLocalAddress();
    }

    private static URI uri(String host, int port) {
        try {
            return new URI("grpc", null, host, port, null, null, null);
        } catch (URISyntaxException e) {
            throw new QuernException(
                    ErrorKind.INVALID, "flight host is no host name or address: " + host, e);
        }
    }
}
