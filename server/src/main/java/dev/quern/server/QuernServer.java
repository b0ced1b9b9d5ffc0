package dev.quern.server;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.embed.CollectionText;
import dev.quern.embed.EmbedConfig;
import dev.quern.embed.EmbedInput;
import dev.quern.embed.EmbedService;
import dev.quern.embed.VolumeIndexer;
import dev.quern.flight.FlightConfig;
import dev.quern.flight.FlightServices;
import dev.quern.flight.QuernFlightServer;
import dev.quern.function.FunctionBounds;
import dev.quern.function.FunctionConfig;
import dev.quern.function.FunctionService;
import dev.quern.http.HttpServer;
import dev.quern.http.HttpServices;
import dev.quern.storage.ChunkRoots;
import dev.quern.storage.RootRegistry;
import dev.quern.storage.StorageEngine;
import dev.quern.vector.CollectionConfig;
import dev.quern.vector.CollectionService;
import dev.quern.volume.VolumeConfig;
import dev.quern.volume.VolumeService;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A whole Quern server in this process. [#open] returns when it is ready; [#close] cancels the
/// storage operations that run, drains the edges, then closes everything in the reverse order of
/// opening. Thread-safe.
public final class QuernServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(QuernServer.class);
    private static final int TICKET_KEY_BYTES = 32;

    private final Resources resources;
    private final AtomicBoolean ready;
    private final URI httpUrl;
    private final URI flightUrl;

    private QuernServer(Resources resources, AtomicBoolean ready, URI httpUrl, URI flightUrl) {
        this.resources = resources;
        this.ready = ready;
        this.httpUrl = httpUrl;
        this.flightUrl = flightUrl;
    }

    /// Opens everything, tests a stream and an embedding, and starts to serve.
    ///
    /// @throws QuernException `CONFLICT` if another process has the data directory; `UNAVAILABLE`
    ///   if a port cannot be had; `INVALID` if a setting cannot work here
    @MustBeClosed
    public static QuernServer open(ServerConfig config) {
        Resources resources = new Resources();
        try {
            return new Wiring(config, resources).open();
        } catch (RuntimeException e) {
            try {
                resources.close();
            } catch (RuntimeException suppressed) {
                e.addSuppressed(suppressed);
            }
            throw e;
        }
    }

    /// Where HTTP is served.
    public URI httpUrl() {
        return httpUrl;
    }

    /// Where Flight is served.
    public URI flightUrl() {
        return flightUrl;
    }

    @Override
    public void close() {
        ready.set(false);
        resources.close();
        LOG.info("closed");
    }

    /// The one place that knows how the parts are put together.
    @SuppressWarnings("MustBeClosed") // everything goes into `resources`
    private static final class Wiring {
        private final ServerConfig config;
        private final Resources resources;
        private final InstantSource clock = InstantSource.system();
        private final SecureRandom random = new SecureRandom();
        private final AtomicBoolean ready = new AtomicBoolean();

        Wiring(ServerConfig config, Resources resources) {
            this.config = config;
            this.resources = resources;
        }

        QuernServer open() {
            DataDirectory data = resources.add(DataDirectory.open(config.data()));
            ModelLoading loading = resources.add(new ModelLoading(embedConfig()));
            StorageOpening storage = new StorageOpening(config.storage(), clock, random);
            StorageEngine engine = storage.open(data.store(), resources);
            TokenStore tokens = new TokenStore(engine.facts(), random);
            ensureAdminToken(data, tokens);
            VolumeService volumes = resources.add(volumes(data, engine));
            CollectionService collections = resources.add(collections(data, engine));
            FunctionService functions = resources.add(functions(data, engine, volumes));
            QuernFlightServer flight =
                    resources.add(
                            QuernFlightServer.open(
                                    FlightConfig.defaults()
                                            .withAddress(config.host(), config.flightPort()),
                                    new FlightServices(
                                            tokens,
                                            volumes,
                                            collections,
                                            clock,
                                            random,
                                            ticketKey(data))));
            EmbedService embed = loading.get();
            registerRoots(
                    engine.roots(),
                    List.of(volumes.roots(), collections.roots(), functions.roots()));
            engine.maintenance().start(storage.maintenance());
            PrometheusMeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
            StorageMetrics.register(meters, engine);
            HttpServer http =
                    resources.add(
                            HttpServer.open(
                                    config.http(),
                                    new HttpServices(
                                            tokens,
                                            volumes,
                                            collections,
                                            embed,
                                            new CollectionText(collections, embed),
                                            new VolumeIndexer(
                                                    volumes,
                                                    collections,
                                                    engine.facts(),
                                                    embed,
                                                    clock),
                                            functions,
                                            storageService(engine),
                                            meters,
                                            ready::get,
                                            clock,
                                            random)));
            AutoCloseable stopOperations = engine.operations()::stop; // so that requests end
            resources.add(stopOperations);
            flight.selfTest();
            embed.embed(embed.models().getFirst().id(), List.of(new EmbedInput.Text("ready")));
            ready.set(true);
            URI httpUrl = URI.create("http://" + config.host() + ":" + http.port());
            LOG.info("ready http={} flight={} data={}", httpUrl, flight.location(), config.data());
            return new QuernServer(resources, ready, httpUrl, flight.location());
        }

        private StorageService storageService(StorageEngine engine) {
            ServerConfig.Storage settings = config.storage();
            return new StorageService(
                    engine,
                    settings.tier(),
                    new StorageBackups(
                            engine,
                            new StorageBackups.Places(
                                    config.data(), settings.access(), clock, random)),
                    settings.gcGrace());
        }

        /// Everyone who commits facts; nothing is garbage before all of them have said what they
        /// need.
        private static void registerRoots(RootRegistry roots, List<ChunkRoots> owners) {
            owners.forEach(roots::register);
            roots.register(VolumeIndexer.roots());
            roots.register(ChunkRoots.none(TokenStore.KIND));
        }

        private EmbedConfig embedConfig() {
            EmbedConfig defaults = EmbedConfig.of(config.models());
            return new EmbedConfig(
                    config.models(),
                    config.embedThreads(),
                    defaults.maxQueuedTexts(),
                    defaults.maxBatchTokens());
        }

        private VolumeService volumes(DataDirectory data, StorageEngine engine) {
            return new VolumeService(
                    engine.chunks(),
                    engine.facts(),
                    clock,
                    random,
                    new VolumeConfig(data.cache("views"), config.viewsMax()));
        }

        private CollectionService collections(DataDirectory data, StorageEngine engine) {
            return new CollectionService(
                    engine.chunks(),
                    engine.facts(),
                    clock,
                    random,
                    CollectionConfig.defaults(data.cache("collections")));
        }

        private FunctionService functions(
                DataDirectory data, StorageEngine engine, VolumeService volumes) {
            FunctionBounds bounds = FunctionBounds.defaults();
            FunctionConfig defaults =
                    FunctionConfig.of(
                            data.cache("functions"), System.getProperty("java.class.path"));
            return new FunctionService(
                    engine.chunks(),
                    engine.facts(),
                    volumes,
                    clock,
                    random,
                    defaults.withSandbox(config.sandbox())
                            .withPythonSdk(config.pythonSdk())
                            .withBounds(
                                    bounds.withCalls(
                                            bounds.maxQueuedCalls(),
                                            config.maxInstances(),
                                            bounds.maxFinishedCalls())));
        }

        /// The file is what the CLI reads; when it is gone the operator, who owns the directory,
        /// gets a new token.
        private void ensureAdminToken(DataDirectory data, TokenStore tokens) {
            if (!Files.exists(data.secret("admin.token"))) {
                String token = tokens.issueOperator(SpaceId.DEFAULT, TokenStore.ADMIN);
                data.writeSecret("admin.token", (token + "\n").getBytes(StandardCharsets.US_ASCII));
            }
        }

        private byte[] ticketKey(DataDirectory data) {
            Path file = data.secret("ticket.key");
            try {
                if (!Files.exists(file)) {
                    data.writeSecret("ticket.key", bytes(random, TICKET_KEY_BYTES));
                }
                return Files.readAllBytes(file);
            } catch (IOException e) {
                throw QuernException.internal("cannot read " + file, e);
            }
        }

        private static byte[] bytes(RandomGenerator random, int count) {
            byte[] bytes = new byte[count];
            random.nextBytes(bytes);
            return bytes;
        }
    }
}
