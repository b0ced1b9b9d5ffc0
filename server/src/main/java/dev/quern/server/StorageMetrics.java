package dev.quern.server;

import dev.quern.storage.StorageCounts;
import dev.quern.storage.StorageEngine;
import dev.quern.storage.TierCacheStats;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/// What `/metrics` tells about the store; nothing of it needs a scan.
final class StorageMetrics {
    private final MeterRegistry meters;
    private final StorageEngine engine;

    private StorageMetrics(MeterRegistry meters, StorageEngine engine) {
        this.meters = meters;
        this.engine = engine;
    }

    /// Shows the counts of an engine as long as it is open.
    static void register(MeterRegistry meters, StorageEngine engine) {
        StorageMetrics metrics = new StorageMetrics(meters, engine);
        metrics.gauge("chunks", StorageCounts::chunks);
        metrics.gauge("stored.bytes", StorageCounts::storedBytes);
        metrics.gauge("packs", StorageCounts::packs);
        metrics.gauge("applied.index", StorageCounts::appliedIndex);
        metrics.gauge("dead.bytes", StorageCounts::deadBytes);
        metrics.counter("quarantined", StorageCounts::quarantinedTotal);
        metrics.counter("gc.removed.chunks", StorageCounts::gcRemovedChunks);
        metrics.counter("gc.removed.bytes", StorageCounts::gcRemovedBytes);
        if (engine.counts().cache().isPresent()) {
            metrics.gauge("tier.cache.bytes", counts -> cache(counts, TierCacheStats::bytes));
            metrics.counter("tier.cache.hits", counts -> cache(counts, TierCacheStats::hits));
            metrics.counter("tier.cache.misses", counts -> cache(counts, TierCacheStats::misses));
        }
    }

    private static double cache(StorageCounts counts, ToDoubleFunction<TierCacheStats> value) {
        Optional<TierCacheStats> cache = counts.cache();
        return cache.isPresent() ? value.applyAsDouble(cache.get()) : 0;
    }

    private void gauge(String name, ToDoubleFunction<StorageCounts> value) {
        Gauge.builder("quern.storage." + name, engine, e -> value.applyAsDouble(e.counts()))
                .register(meters);
    }

    private void counter(String name, ToDoubleFunction<StorageCounts> value) {
        FunctionCounter.builder(
                        "quern.storage." + name, engine, e -> value.applyAsDouble(e.counts()))
                .register(meters);
    }
}
