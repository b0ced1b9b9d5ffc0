package dev.quern.http;

import dev.quern.common.Authenticator;
import dev.quern.embed.CollectionText;
import dev.quern.embed.EmbedService;
import dev.quern.embed.VolumeIndexer;
import dev.quern.function.FunctionService;
import dev.quern.vector.CollectionService;
import dev.quern.volume.VolumeService;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.InstantSource;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;

/// What the HTTP server translates to. It closes none of it.
///
/// @param authenticator tells whom a token stands for
/// @param volumes files
/// @param collections rows
/// @param embeddings models
/// @param texts rows and queries that come as text
/// @param indexer keeps collections in step with volumes
/// @param functions functions and calls
/// @param storage what lies below, for its operator
/// @param meters shown at `/metrics`; the server adds its own and the JVM's
/// @param ready whether `/ready` says so
/// @param clock for the `Date` of replies
/// @param random for request ids; its own lock is taken while it is used
public record HttpServices(
        Authenticator authenticator,
        VolumeService volumes,
        CollectionService collections,
        EmbedService embeddings,
        CollectionText texts,
        VolumeIndexer indexer,
        FunctionService functions,
        StorageAdmin storage,
        PrometheusMeterRegistry meters,
        BooleanSupplier ready,
        InstantSource clock,
        RandomGenerator random) {}
