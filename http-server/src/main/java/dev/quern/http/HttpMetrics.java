package dev.quern.http;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// What `/metrics` tells about the server: requests by route template, method and status, those in
/// flight, bytes, connections, and the JVM. Labels come from the routes, never from requests, so
/// the number of series is bounded. Thread-safe.
final class HttpMetrics implements AutoCloseable {
    private static final Set<String> METHODS =
            Set.of("GET", "HEAD", "PUT", "POST", "PATCH", "DELETE");

    private final Meter.MeterProvider<Timer> requests;

    /// Those that were asked for before: looking one up by its tags takes a microsecond.
    private final Map<Kind, Timer> timers = new ConcurrentHashMap<>();

    private final Counter receivedBytes;
    private final Counter sentBytes;
    private final JvmGcMetrics collector = new JvmGcMetrics();

    /// Requests that are counted together.
    private record Kind(String route, String method, int status) {}

    HttpMetrics(
            PrometheusMeterRegistry registry,
            InFlight inFlight,
            Connections connections,
            BodyBudget budget) {
        requests =
                Timer.builder("quern.http.requests")
                        .description("requests by route, method and status")
                        .serviceLevelObjectives(
                                Duration.ofMillis(1),
                                Duration.ofMillis(5),
                                Duration.ofMillis(25),
                                Duration.ofMillis(100),
                                Duration.ofMillis(500),
                                Duration.ofMillis(2500),
                                Duration.ofSeconds(10))
                        .withRegistry(registry);
        receivedBytes = Counter.builder("quern.http.received").baseUnit("bytes").register(registry);
        sentBytes = Counter.builder("quern.http.sent").baseUnit("bytes").register(registry);
        gauge(registry, "quern.http.in.flight", inFlight, InFlight::count);
        gauge(registry, "quern.http.connections", connections, Connections::count);
        gauge(registry, "quern.http.buffered.bytes", budget, BodyBudget::takenBytes);
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ClassLoaderMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        new UptimeMetrics().bindTo(registry);
        collector.bindTo(registry);
    }

    private static <T> void gauge(
            PrometheusMeterRegistry registry,
            String name,
            T source,
            java.util.function.ToDoubleFunction<T> value) {
        Gauge.builder(name, source, value).register(registry);
    }

    void record(String route, String method, int status, long nanos, long received, long sent) {
        String known = METHODS.contains(method) ? method : "OTHER";
        timers.computeIfAbsent(new Kind(route, known, status), this::timer)
                .record(Duration.ofNanos(nanos));
        receivedBytes.increment((double) received);
        sentBytes.increment((double) sent);
    }

    private Timer timer(Kind kind) {
        return requests.withTags(
                "route",
                kind.route(),
                "method",
                kind.method(),
                "status",
                Integer.toString(kind.status()));
    }

    @Override
    public void close() {
        collector.close();
    }
}
