package dev.quern.http;

import dev.quern.common.ByteSize;
import dev.quern.embed.CollectionText;
import dev.quern.embed.EmbedConfig;
import dev.quern.embed.EmbedService;
import dev.quern.embed.VolumeIndexer;
import dev.quern.function.FunctionConfig;
import dev.quern.function.FunctionService;
import dev.quern.function.sandbox.SandboxMode;
import dev.quern.storage.StorageConfig;
import dev.quern.storage.StorageEngine;
import dev.quern.vector.CollectionConfig;
import dev.quern.vector.CollectionService;
import dev.quern.volume.VolumeConfig;
import dev.quern.volume.VolumeService;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.SplittableRandom;

/// Every real service on a temporary folder, as the server wires them.
final class Services implements AutoCloseable {
    static final String MODEL = "all-MiniLM-L6-v2";
    private static final Path MODELS = Path.of("..", "embed-workers", "target", "models");

    private final StorageEngine engine;
    private final VolumeService volumes;
    private final CollectionService collections;
    private final EmbedService embeddings;
    private final FunctionService functions;

    @SuppressWarnings("MustBeClosedChecker") // close() closes them
    Services(Path folder) {
        InstantSource clock = InstantSource.system();
        SplittableRandom random = new SplittableRandom(42);
        engine = StorageEngine.open(StorageConfig.in(folder.resolve("store")));
        volumes =
                new VolumeService(
                        engine.chunks(),
                        engine.facts(),
                        clock,
                        random,
                        new VolumeConfig(folder.resolve("views"), ByteSize.ofMebibytes(256)));
        collections =
                new CollectionService(
                        engine.chunks(),
                        engine.facts(),
                        clock,
                        random,
                        CollectionConfig.defaults(folder.resolve("collections")));
        embeddings = EmbedService.open(EmbedConfig.of(MODELS));
        functions =
                new FunctionService(
                        engine.chunks(),
                        engine.facts(),
                        volumes,
                        clock,
                        random,
                        FunctionConfig.of(
                                        folder.resolve("functions"),
                                        System.getProperty("java.class.path"))
                                .withSandbox(SandboxMode.NONE));
    }

    HttpServices http() {
        return new HttpServices(
                TestServer.TOKENS,
                volumes,
                collections,
                embeddings,
                new CollectionText(collections, embeddings),
                new VolumeIndexer(
                        volumes, collections, engine.facts(), embeddings, InstantSource.system()),
                functions,
                new FakeStorage(),
                new PrometheusMeterRegistry(PrometheusConfig.DEFAULT),
                () -> true,
                InstantSource.system(),
                new SplittableRandom(1));
    }

    @Override
    public void close() {
        functions.close();
        embeddings.close();
        collections.close();
        volumes.close();
        engine.close();
    }
}
